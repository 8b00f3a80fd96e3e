// LocalListener: a Unix socket on which this machine's people and tools are served: its file, the directory
// around it, and who may come in. Unlike Listener's, its peers are known by user and group. safety.md 2.12
#pragma once

#include <sys/types.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <functional>

#include "proxy/net/task.hpp"

namespace homeward::net {

using LocalSocket = asio::local::stream_protocol::socket;

class LocalListener {
 public:
  /// Listens on `file`. Its directory is made (0750) where it is missing, and must belong to us or to root,
  /// be no link, and be written to by nobody else. A socket that nobody answers on is replaced. The group
  /// `homeward` gets both where it exists and we may give it. Errors, all local with words for a person.
  static Result<LocalListener> bind(const asio::any_io_executor& executor, const std::filesystem::path& file);

  LocalListener(LocalListener&&) noexcept = default;
  LocalListener& operator=(LocalListener&&) noexcept = default;

  /// Accepts until closed or canceled. Who is neither root, nor our user, nor in the group `homeward` (where
  /// the socket has that group) is turned away and logged.
  asio::awaitable<void> run(std::function<void(LocalSocket, uid_t)> on_peer);
  /// Ends run() and removes the file, if it is still ours.
  void close();

 private:
  struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileId&) const = default;
  };
  LocalListener(asio::local::stream_protocol::acceptor acceptor, std::filesystem::path file);
  bool may_come_in(LocalSocket& socket, uid_t& user) const;
  static FileId id_of(const std::filesystem::path& file);

  asio::local::stream_protocol::acceptor acceptor_;
  std::filesystem::path file_;
  FileId id_;
  gid_t trusted_group_ = static_cast<gid_t>(-1);  // none
};

}  // namespace homeward::net
