// The order in which directories are looked for: configuration, systemd, root's, the person's.
#include "conf/directories.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace homeward::conf {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

// Relative ones are to be ignored (XDG Base Directory Specification); systemd gives none.
fs::path absolute_or_none(std::string_view text) {
  return text.starts_with('/') ? fs::path(text).lexically_normal() : fs::path{};
}

// systemd.exec(5): several directories of one unit are parted by colons.
fs::path first_of(std::string_view list) {
  return absolute_or_none(list.substr(0, list.find(':')));
}

fs::path resolved(const fs::path& given) {
  std::error_code code;
  const auto whole = fs::absolute(given, code);
  return (code ? given : whole).lexically_normal();
}

fs::path under(const fs::path& base, const fs::path& rest) {
  return base.empty() ? base : base / rest;
}

}  // namespace

Surroundings surroundings() {
  return {.state_directory = variable("STATE_DIRECTORY"),
          .runtime_directory = variable("RUNTIME_DIRECTORY"),
          .xdg_state_home = variable("XDG_STATE_HOME"),
          .xdg_runtime_dir = variable("XDG_RUNTIME_DIR"),
          .home = variable("HOME"),
          .root = ::geteuid() == 0};
}

Parsed<fs::path> choose_state_directory(const fs::path& given, const Surroundings& around) {
  if (!given.empty()) return resolved(given);
  if (auto own = first_of(around.state_directory); !own.empty()) return own;
  if (around.root) return fs::path("/var/lib/homeward");
  if (auto own = under(absolute_or_none(around.xdg_state_home), "homeward"); !own.empty()) return own;
  if (auto own = under(absolute_or_none(around.home), ".local/state/homeward"); !own.empty()) return own;
  return std::unexpected(Rejection{"is not given, and no STATE_DIRECTORY, XDG_STATE_HOME or HOME says where",
                                   "add state_directory = /var/lib/homeward"});
}

fs::path choose_runtime_directory(const fs::path& given, const Surroundings& around, const fs::path& state) {
  if (!given.empty()) return resolved(given);
  if (auto own = first_of(around.runtime_directory); !own.empty()) return own;
  if (around.root) return "/run/homeward";
  if (auto own = under(absolute_or_none(around.xdg_runtime_dir), "homeward"); !own.empty()) return own;
  return state / "run";
}

}  // namespace homeward::conf
