#include "proxy/app/daemon_link.hpp"

#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>

#include "conf/loader.hpp"
#include "proxy/base/text.hpp"

namespace homeward::app {
namespace {
constexpr int kBrokenConfig = 554;
constexpr std::size_t kLongestWords = 2048;
}  // namespace

std::shared_ptr<const conf::Config> read_config(const ConfigChoice& choice, bool& broken) {
  broken = false;
  auto loaded = conf::load(choice.file);
  if (loaded) return std::move(*loaded);
  if (!choice.is_named) return nullptr;
  broken = true;
  for (const auto& problem : loaded.error()) fmt::print(stderr, "{}\n", problem.to_string());
  return nullptr;
}

Result<control::Client> reach_daemon(const ConfigChoice& choice) {
  bool broken = false;
  const auto config = read_config(choice, broken);
  if (broken)
    return std::unexpected(make_error(Fault::local, kBrokenConfig, {5, 3, 5}, "the configuration is broken"));
  return control::Client::find(config ? std::optional(config->runtime_directory) : std::nullopt);
}

int exit_code(const Error& error) {
  switch (error.fault) {
    case Fault::network:
      return EX_UNAVAILABLE;
    case Fault::refused:
      return error.reply.code == 550 ? EX_DATAERR : EX_TEMPFAIL;
    case Fault::timeout:
      return EX_TEMPFAIL;
    case Fault::protocol:
      return EX_PROTOCOL;
    default:
      return error.reply.code == kBrokenConfig ? EX_CONFIG : EX_NOPERM;
  }
}

int complain(const Error& error, std::string_view about) {
  if (error.reply.code != kBrokenConfig)
    fmt::print(stderr, "homeward: {}{}{}\n", about, about.empty() ? "" : ": ",
               text::printable(error.reply.text, kLongestWords));
  return exit_code(error);
}

int print_out(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return EX_OK;
  fmt::print(stderr, "homeward: can't write to standard output\n");
  return EX_IOERR;
}

}  // namespace homeward::app
