#include "proxy/app/sandbox/sandbox_command.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>
#include <sys/resource.h>
#include <sysexits.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <utility>

#include "auth/sasl_library.hpp"
#include "proxy/app/json_text.hpp"
#include "proxy/app/sandbox/certificates.hpp"
#include "proxy/app/sandbox/folder.hpp"
#include "proxy/app/sandbox/home_server.hpp"
#include "proxy/app/sandbox/stop_signals.hpp"
#include "proxy/app/sandbox/story.hpp"
#include "proxy/app/sandbox/story_client.hpp"
#include "proxy/app/sandbox/system_fault.hpp"
#include "proxy/base/log.hpp"
#include "proxy/base/text.hpp"

namespace homeward::app {
namespace {

using namespace std::string_view_literals;
using sandbox::Folder;

/// Twenty letters and digits, about a hundred bits.
Result<std::string> make_password() {
  constexpr std::string_view kAlphabet = "abcdefghjkmnpqrstuvwxyz234567899";
  std::array<unsigned char, 20> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return std::unexpected(sandbox::fault("no random bytes"));
  std::string password;
  for (const auto byte : bytes) password += kAlphabet[byte % kAlphabet.size()];
  return password;
}

/// A session holds a socket, and a file while content comes in; the usual 1024 would not do.
void allow_many_files() {
  constexpr rlim_t kWanted = 4096;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= kWanted) return;
  files.rlim_cur = std::min(files.rlim_max, kWanted);
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) log::warning("sandbox.few_files", {});
}

/// Everything of a sandbox that runs, in the order in which it is to go.
struct Box {
  Folder folder;
  std::unique_ptr<auth::SaslLibrary> sasl;
  std::unique_ptr<sandbox::HomeServer> server;
  std::uint16_t homeward_port = 0;
};

Result<void> write_secrets(const Folder& folder, const sandbox::Home& home, const std::string& password) {
  const std::string names[] = {"localhost", home.hostname()};
  const auto certificates = sandbox::make_certificates(names);
  if (!certificates) return std::unexpected(certificates.error());
  const std::pair<std::filesystem::path, std::string> files[] = {
      {folder.authority(), certificates->authority},
      {folder.certificate(), certificates->server},
      {folder.key(), certificates->server_key},
      {folder.password(), password + "\n"}};
  for (const auto& [path, content] : files) {
    if (auto written = sandbox::write_private(path, content); !written) return written;
  }
  return {};
}

Result<std::unique_ptr<sandbox::HomeServer>> start_server(const Folder& folder,
                                                          const SandboxOptions& options) {
  const auto password = make_password();
  if (!password) return std::unexpected(password.error());
  auto home = sandbox::Home::make(options.user, options.address, Secret(std::string(*password)));
  if (!home) return std::unexpected(std::move(home.error()));
  if (auto written = write_secrets(folder, *home, *password); !written) {
    return std::unexpected(std::move(written.error()));
  }
  sandbox::HomeServerSettings settings;
  settings.ports = {options.relay_port, options.submission_port, options.submissions_port};
  settings.maildir = folder.maildir();
  settings.certificate = folder.certificate();
  settings.key = folder.key();
  return sandbox::HomeServer::start(std::move(*home), std::move(settings));
}

Result<Box> open_box(const SandboxOptions& options) {
  auto folder = Folder::open(options.directory);
  if (!folder) return std::unexpected(std::move(folder.error()));
  auto sasl = auth::SaslLibrary::start(auth::SaslLibrary::Sides::client_and_server);
  if (!sasl) return std::unexpected(std::move(sasl.error()));
  auto server = start_server(*folder, options);
  if (!server) return std::unexpected(std::move(server.error()));
  const auto port = sandbox::find_free_port();
  if (!port) return std::unexpected(port.error());
  const auto& ports = (*server)->ports();
  const auto config = sandbox::homeward_config(
      *folder, {*port, ports.submission, ports.submissions, options.address, options.user});
  if (auto written = sandbox::write_private(folder->config(), config); !written) {
    return std::unexpected(std::move(written.error()));
  }
  return Box{std::move(*folder), std::move(*sasl), std::move(*server), *port};
}

std::string describe(const Box& box, const SandboxOptions& options) {
  const auto& ports = box.server->ports();
  return fmt::format(
      "A home provider in a box, on loopback. Ctrl-C ends it.\n"
      "\n"
      "  relay        127.0.0.1:{}  plain; relays for {}, all others: Relaying Denied\n"
      "  submission   127.0.0.1:{}  STARTTLS, then login\n"
      "  submissions  127.0.0.1:{}  TLS from the first byte, then login\n"
      "  CA           {}\n"
      "  login        {}, may send as {}\n"
      "  password     in {}\n"
      "  mail         {}\n"
      "\n"
      "homeward for it, which then takes clients on 127.0.0.1:{}:\n"
      "  homeward {}\n",
      ports.relay, sandbox::kOwnNetwork, ports.submission, ports.submissions, box.folder.authority().string(),
      options.user, options.address, box.folder.password().string(), box.folder.maildir().string(),
      box.homeward_port, text::join(sandbox::serve_arguments(box.folder), " "));
}

std::string describe_json(const Box& box, const SandboxOptions& options) {
  const auto& ports = box.server->ports();
  const auto& folder = box.folder;
  return json::object({{"address"sv, json::string("127.0.0.1")},
                       {"relay_port"sv, std::to_string(ports.relay)},
                       {"own_network"sv, json::string(sandbox::kOwnNetwork)},
                       {"submission_port"sv, std::to_string(ports.submission)},
                       {"submissions_port"sv, std::to_string(ports.submissions)},
                       {"ca"sv, json::string(folder.authority().string())},
                       {"login"sv, json::string(options.user)},
                       {"sender"sv, json::string(options.address)},
                       {"password_file"sv, json::string(folder.password().string())},
                       {"maildir"sv, json::string(folder.maildir().string())},
                       {"config"sv, json::string(folder.config().string())},
                       {"homeward_port"sv, std::to_string(box.homeward_port)},
                       {"homeward_arguments"sv, json::array_of_strings(sandbox::serve_arguments(folder))}}) +
         "\n";
}

int fail(const Error& error) {
  std::fflush(stdout);
  fmt::print(stderr, "homeward sandbox: {}\n", error.reply.text);
  return EX_UNAVAILABLE;
}

int tell(const Box& box, const SandboxOptions& options, const sandbox::StopSignals& stop) {
  const auto told = sandbox::tell_story(
      {box.folder, box.server->ports(), box.homeward_port, options.address, stop.descriptor()});
  return told ? EX_OK : fail(told.error());
}

int serve(const Box& box, const SandboxOptions& options, const sandbox::StopSignals& stop) {
  fmt::print("{}ready\n", options.json ? describe_json(box, options) : describe(box, options) + "\n");
  std::fflush(stdout);
  stop.wait();
  return EX_OK;
}

}  // namespace

int run_sandbox(const SandboxOptions& options) {
  if (options.story && options.json) {
    fmt::print(stderr, "homeward sandbox: the story is for people: leave --json or --story away\n");
    return EX_USAGE;
  }
  // A story is not to be interrupted by log lines.
  log::configure(options.story ? log::Level::error : log::Level::info, log::Format::text);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes (`| head`) must not keep us from cleaning up
  allow_many_files();
  const auto stop = sandbox::StopSignals::take();
  if (!stop) return fail(stop.error());
  const auto box = open_box(options);
  if (!box) return fail(box.error());
  return options.story ? tell(*box, options, *stop) : serve(*box, options, *stop);
}

}  // namespace homeward::app
