#include "proxy/control/client.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <system_error>
#include <utility>

#include "proxy/base/text.hpp"

namespace homeward::control {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kSocketFile = "control.sock";
constexpr int kTooLong = ENAMETOOLONG;

std::unexpected<Error> fail(Fault fault, int code, std::string text) {
  return std::unexpected(
      make_error(fault, code, {static_cast<std::uint8_t>(code / 100), 3, 0}, std::move(text)));
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : value;
}

std::string user_name() {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_name;
}

/// The system's word on connecting to `file`; 0 where somebody took it.
int knock(const fs::path& file) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (file.string().size() >= sizeof address.sun_path) return kTooLong;
  file.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return errno;
  const int answer =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  ::close(probe);
  return answer;
}

bool is_nobody(int answer) {
  return answer == ENOENT || answer == ENOTDIR || answer == ECONNREFUSED || answer == kTooLong;
}

std::vector<fs::path> candidates(const std::optional<fs::path>& configured) {
  auto usual = usual_runtime_directories();
  if (!configured) return usual;
  if (std::ranges::find(usual, *configured) == usual.end()) return {*configured};
  std::erase(usual, *configured);
  usual.insert(usual.begin(), *configured);
  return usual;
}

std::string list_of(const std::vector<fs::path>& directories) {
  std::vector<std::string> names;
  for (const auto& directory : directories) names.push_back((directory / kSocketFile).string());
  return text::join(names, ", ");
}

/// What the daemon said in its {"error": …, "cure": …}.
std::string words_of(const net::HttpResponse& response) {
  boost::system::error_code fault;
  const auto body = json::parse(response.body, fault);
  const auto* object = fault ? nullptr : body.if_object();
  const auto* error = object == nullptr ? nullptr : object->if_contains("error");
  if (error == nullptr || !error->is_string())
    return fmt::format("homeward answered with {}", response.status);
  std::string words(error->get_string().c_str());
  if (const auto* cure = object->if_contains("cure"); cure != nullptr && cure->is_string())
    words += fmt::format(" ({})", cure->get_string().c_str());
  return words;
}

Result<net::HttpResponse> judge(Result<net::HttpResponse> response) {
  if (!response || response->status == 200) return response;
  auto words = words_of(*response);
  switch (response->status) {
    case 404:
      return fail(Fault::refused, 550, std::move(words));
    case 400:
    case 405:
    case 413:
    case 431:
      return fail(Fault::protocol, 451, std::move(words));
    default:
      return fail(Fault::refused, 451, std::move(words));
  }
}

}  // namespace

std::vector<fs::path> usual_runtime_directories() {
  std::vector<fs::path> usual;
  const auto add = [&usual](fs::path directory) {
    if (std::ranges::find(usual, directory) == usual.end()) usual.push_back(std::move(directory));
  };
  if (const auto own = environment("RUNTIME_DIRECTORY"); !own.empty()) add(own);
  if (const auto runtime = environment("XDG_RUNTIME_DIR"); !runtime.empty())
    add(fs::path(runtime) / "homeward");
  if (const auto state = environment("XDG_STATE_HOME"); !state.empty()) add(fs::path(state) / "homeward/run");
  if (const auto home = environment("HOME"); !home.empty()) add(fs::path(home) / ".local/state/homeward/run");
  if (const auto user = user_name(); !user.empty()) add(fs::path("/run") / ("homeward-" + user));
  add("/run/homeward");
  return usual;
}

Result<Client> Client::find(const std::optional<fs::path>& configured) {
  const auto directories = candidates(configured);
  std::string closed;
  for (const auto& directory : directories) {
    const auto file = directory / kSocketFile;
    const int answer = knock(file);
    if (answer == 0 || answer == EAGAIN) return Client(file);
    if (!is_nobody(answer) && closed.empty())
      closed = fmt::format("{}: {}", file.string(), std::generic_category().message(answer));
  }
  if (!closed.empty())
    return fail(
        Fault::local, 451,
        fmt::format("homeward can't be asked ({}): ask as the user it runs as, as root, or as a member of "
                    "the group homeward",
                    closed));
  return fail(
      Fault::network, 451,
      fmt::format("homeward is not running (no socket at {}): start it with systemctl start homeward, or "
                  "homeward serve",
                  list_of(directories)));
}

Result<net::HttpResponse> Client::call(std::string_view method, std::string target,
                                       std::chrono::milliseconds time, net::BodySink sink) {
  net::asio::io_context context(1);
  std::optional<Result<net::HttpResponse>> answer;
  std::exception_ptr thrown;
  net::HttpRequest request;
  request.method = method;
  request.target = std::move(target);
  net::asio::co_spawn(
      context, net::http_call(context.get_executor(), socket_, std::move(request), time, std::move(sink)),
      [&](std::exception_ptr escaped, Result<net::HttpResponse> response) {
        thrown = std::move(escaped);
        answer.emplace(std::move(response));
      });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  if (!answer) return fail(Fault::network, 451, "homeward did not answer");
  return judge(std::move(*answer));
}

Result<json::value> Client::get(std::string target, std::chrono::milliseconds time) {
  auto response = call("GET", std::move(target), time, nullptr);
  if (!response) return std::unexpected(std::move(response.error()));
  boost::system::error_code fault;
  auto body = json::parse(response->body, fault);
  if (fault) return fail(Fault::protocol, 451, "homeward's answer is no JSON");
  return body;
}

Result<json::value> Client::post(std::string target) {
  auto response = call("POST", std::move(target), kTime, nullptr);
  if (!response) return std::unexpected(std::move(response.error()));
  boost::system::error_code fault;
  auto body = json::parse(response->body, fault);
  if (fault) return fail(Fault::protocol, 451, "homeward's answer is no JSON");
  return body;
}

Result<void> Client::download(std::string target, net::BodySink sink) {
  auto response = call("GET", std::move(target), kTime, std::move(sink));
  if (!response) return std::unexpected(std::move(response.error()));
  return {};
}

}  // namespace homeward::control
