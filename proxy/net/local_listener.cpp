#include "proxy/net/local_listener.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "proxy/base/log.hpp"

namespace homeward::net {
namespace {

using asio::local::stream_protocol;
namespace fs = std::filesystem;

constexpr const char* kGroup = "homeward";
constexpr mode_t kDirectoryMode = 0750;
constexpr mode_t kSocketMode = 0660;
constexpr int kBacklog = 64;
constexpr std::chrono::milliseconds kPause{200};

std::unexpected<Error> refuse(std::string text) {
  return std::unexpected(make_error(Fault::local, 451, {4, 3, 5}, std::move(text)));
}

std::unexpected<Error> refuse_errno(std::string_view what, const fs::path& path) {
  return refuse(fmt::format("{} {}: {}", what, path.string(), std::generic_category().message(errno)));
}

/// Nothing where there is no such group, or no room in the buffer: the socket then stays with our own.
std::optional<gid_t> group_id() {
  std::array<char, 16384> buffer{};
  group entry{};
  group* found = nullptr;
  if (getgrnam_r(kGroup, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->gr_gid;
}

/// Root may give a file to any group, others to those they are in; where we may not, it stays as it is.
void give_to_group(const fs::path& path) {
  const auto group = group_id();
  if (!group || lchown(path.c_str(), static_cast<uid_t>(-1), *group) == 0) return;
  log::debug("control.group_unchanged", {{"path", path.string()}, {"group", kGroup}});
}

/// Makes it, or takes it as it is where nobody but root and us can put files into it: then a socket file in
/// it is what we or a predecessor of ours left there.
Result<void> prepare_directory(const fs::path& directory) {
  std::error_code fault;
  fs::create_directories(directory.parent_path(), fault);  // what fails is told by mkdir
  if (mkdir(directory.c_str(), kDirectoryMode) == 0) {
    // Our umask may have taken bits away.
    if (chmod(directory.c_str(), kDirectoryMode) != 0)
      return refuse_errno("cannot set the mode of", directory);
    give_to_group(directory);
    return {};
  }
  if (errno != EEXIST) return refuse_errno("cannot make the directory", directory);
  struct stat facts{};
  if (lstat(directory.c_str(), &facts) != 0) return refuse_errno("cannot look at", directory);
  if (S_ISLNK(facts.st_mode))
    return refuse(directory.string() + " is a link: runtime_directory must be none");
  if (!S_ISDIR(facts.st_mode)) return refuse(directory.string() + " is no directory");
  if (facts.st_uid != geteuid() && facts.st_uid != 0)
    return refuse(fmt::format("{} belongs to user {}, not to us: give it to us or set runtime_directory",
                              directory.string(), facts.st_uid));
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refuse(fmt::format("others can write to {} (mode {:o}): chmod 0750 it, or set runtime_directory",
                              directory.string(), facts.st_mode & 07777U));
  return {};
}

/// The system's word on connecting to `file`, without waiting; 0 where somebody took it.
int knock(const fs::path& file) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  file.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return errno;
  const int answer =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  ::close(probe);
  return answer;
}

/// Removes a socket that nobody answers on. Error: somebody does, or it is no socket.
Result<void> clear_place(const fs::path& file) {
  struct stat facts{};
  if (lstat(file.c_str(), &facts) != 0) {
    if (errno == ENOENT) return {};
    return refuse_errno("cannot look at", file);
  }
  if (!S_ISSOCK(facts.st_mode)) return refuse(file.string() + " is no socket: remove it");
  switch (const int answer = knock(file)) {
    case ECONNREFUSED:
      break;
    case 0:
    case EAGAIN:  // its queue is full
      return refuse(fmt::format("another homeward runs: somebody answers on {}", file.string()));
    default:
      errno = answer;
      return refuse_errno("cannot look who is at", file);
  }
  if (unlink(file.c_str()) != 0) return refuse_errno("cannot remove the old", file);
  return {};
}

/// The groups of a peer: its primary and its supplementary ones.
bool is_in_group(int descriptor, const ucred& peer, gid_t group) {
  if (peer.gid == group) return true;
  std::vector<gid_t> groups(64);
  auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  int done = getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
  if (done != 0 && errno == ERANGE) {  // `size` now says how much it takes
    groups.resize(size / sizeof(gid_t));
    done = getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
  }
  if (done != 0) return false;
  groups.resize(size / sizeof(gid_t));
  return std::ranges::find(groups, group) != groups.end();
}

}  // namespace

LocalListener::LocalListener(stream_protocol::acceptor acceptor, fs::path file)
    : acceptor_(std::move(acceptor)), file_(std::move(file)), id_(id_of(file_)) {
  struct stat facts{};
  const auto group = group_id();
  if (group && lstat(file_.c_str(), &facts) == 0 && facts.st_gid == *group) trusted_group_ = *group;
}

LocalListener::FileId LocalListener::id_of(const fs::path& file) {
  struct stat facts{};
  if (lstat(file.c_str(), &facts) != 0) return {};
  return {facts.st_dev, facts.st_ino};
}

Result<LocalListener> LocalListener::bind(const asio::any_io_executor& executor, const fs::path& file) {
  // An endpoint throws where the path is too long for a sockaddr_un.
  if (file.string().size() >= sizeof(sockaddr_un::sun_path))
    return refuse(
        fmt::format("the path {} is too long for a socket: set a shorter runtime_directory", file.string()));
  if (auto prepared = prepare_directory(file.parent_path()); !prepared)
    return std::unexpected(std::move(prepared.error()));
  if (auto cleared = clear_place(file); !cleared) return std::unexpected(std::move(cleared.error()));
  stream_protocol::acceptor acceptor(executor);
  boost::system::error_code fault;
  acceptor.open(stream_protocol(), fault);
  if (!fault) acceptor.bind(stream_protocol::endpoint(file.string()), fault);
  if (fault) return refuse(fmt::format("cannot make the socket {}: {}", file.string(), fault.message()));
  // Nobody can connect before listen(): mode and group are in place by then.
  give_to_group(file);
  if (chmod(file.c_str(), kSocketMode) != 0) return refuse_errno("cannot set the mode of", file);
  acceptor.listen(kBacklog, fault);
  if (fault) return refuse(fmt::format("cannot listen on {}: {}", file.string(), fault.message()));
  return LocalListener(std::move(acceptor), file);
}

/// The file's mode has let the peer in already; this is the second lock, and tells who it is. A personal
/// group that others may share ("users") opens nothing: only the group named homeward does.
bool LocalListener::may_come_in(LocalSocket& socket, uid_t& user) const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  user = peer.uid;
  if (peer.uid == 0 || peer.uid == geteuid()) return true;
  if (trusted_group_ != static_cast<gid_t>(-1) && is_in_group(socket.native_handle(), peer, trusted_group_))
    return true;
  log::warning("control.refused", {{"uid", std::to_string(peer.uid)}, {"pid", std::to_string(peer.pid)}});
  return false;
}

asio::awaitable<void> LocalListener::run(std::function<void(LocalSocket, uid_t)> on_peer) {
  while (acceptor_.is_open()) {
    auto [fault, socket] = co_await acceptor_.async_accept(kNoThrow);
    if (!fault) {
      uid_t user = 0;
      try {
        if (may_come_in(socket, user)) on_peer(std::move(socket), user);
      } catch (const std::exception& exception) {  // no memory for one more: that one goes, the socket stays
        log::error("control.peer_lost", {{"cause", exception.what()}});
      }
      continue;
    }
    if (fault == asio::error::operation_aborted || fault == asio::error::bad_descriptor) co_return;
    log::warning("control.accept_failed", {{"cause", fault.message()}});
    asio::steady_timer pause(acceptor_.get_executor(), kPause);
    if (const auto [stopped] = co_await pause.async_wait(kNoThrow); stopped) co_return;
  }
}

void LocalListener::close() {
  if (!acceptor_.is_open()) return;
  boost::system::error_code ignored;  // it is going anyway
  // A successor may have put its own there.
  if (id_.inode != 0 && id_of(file_) == id_) ::unlink(file_.c_str());
  acceptor_.close(ignored);
}

}  // namespace homeward::net
