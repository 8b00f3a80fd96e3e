#include "proxy/app/privileges.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "proxy/base/log.hpp"

namespace homeward::app {
namespace {

Error refused(std::string_view what) {
  return make_error(Fault::local, 451, {4, 3, 5},
                    fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

/// The only look-up of a user in this program, before any thread begins.
const passwd* look_up(const std::string& name) {
  return getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe)
}

Result<void> become(const passwd& user) {
  if (initgroups(user.pw_name, user.pw_gid) != 0) return std::unexpected(refused("initgroups"));
  if (setresgid(user.pw_gid, user.pw_gid, user.pw_gid) != 0) return std::unexpected(refused("setresgid"));
  if (setresuid(user.pw_uid, user.pw_uid, user.pw_uid) != 0) return std::unexpected(refused("setresuid"));
  if (user.pw_uid != 0 && setuid(0) == 0) {
    return std::unexpected(
        make_error(Fault::local, 451, {4, 3, 5}, "root could be had back after it was given up"));
  }
  return {};
}

/// Without any capability even uid 0 is a user like others, but for the files that it owns.
Result<void> give_up_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  if (syscall(SYS_capset, &header, none) != 0) return std::unexpected(refused("capset"));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return std::unexpected(refused("no_new_privs"));
  return {};
}

}  // namespace

Result<void> forbid_memory_dumps() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return std::unexpected(refused("forbidding core files"));
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return std::unexpected(refused("forbidding memory dumps"));
  return {};
}

void raise_file_limit(std::uint64_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    log::warning("service.few_files", {{"limit", std::to_string(limit.rlim_cur)},
                                       {"wanted", std::to_string(wanted)},
                                       {"cure", "raise LimitNOFILE, or lower max_connections"}});
  }
}

Result<void> prepare_folders(const std::optional<std::string>& user,
                             std::span<const std::filesystem::path> folders) {
  if (geteuid() != 0) return {};
  const passwd* entry = look_up(user.value_or(kServiceUser));
  if (entry == nullptr || entry->pw_uid == 0) return {};
  for (const auto& folder : folders) {
    // What exists is its owner's affair: nothing is ever taken over, least of all behind a link.
    if (mkdir(folder.c_str(), 0700) != 0) {
      if (errno == EEXIST) continue;
      return std::unexpected(refused("making " + folder.string()));
    }
    if (lchown(folder.c_str(), entry->pw_uid, entry->pw_gid) != 0)
      return std::unexpected(refused("giving away " + folder.string()));
  }
  return {};
}

Result<void> drop_privileges(const std::optional<std::string>& user, bool needed_root) {
  if (geteuid() != 0) {
    if (!user) return {};
    return std::unexpected(
        make_error(Fault::local, 451, {4, 3, 5}, "--user needs root: start homeward as that user"));
  }
  const std::string name = user.value_or(kServiceUser);
  const passwd* entry = look_up(name);
  if (entry == nullptr && (user || needed_root)) {
    return std::unexpected(make_error(Fault::local, 451, {4, 3, 5},
                                      fmt::format("there is no user {0} to run as: create it (useradd "
                                                  "--system --home-dir / --shell /usr/sbin/nologin "
                                                  "{0}) or name another by --user",
                                                  name)));
  }
  if (entry != nullptr) {
    if (auto done = become(*entry); !done) return done;
    log::info("service.user", {{"user", name}});
  } else {
    log::warning("service.user",
                 {{"user", "root"},
                  {"cause", fmt::format("there is no user {}; all capabilities are given up", name)}});
  }
  return give_up_capabilities();
}

}  // namespace homeward::app
