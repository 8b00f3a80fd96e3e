// StoredMemory: Memory that survives a restart, in the file `memory` of the state directory. Read once,
// written off the network thread where something has changed. A file that can't be read or written is told in
// the log and harms nothing: what was learned is learned again. safety.md 2.12.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <string>

#include "proxy/net/offload.hpp"
#include "proxy/upstream/memory.hpp"

namespace homeward::upstream {

/// The text of a regular file of ours, of Memory::kMaxText octets at most; "" where there is none. Blocking.
/// Error: local, which says why not.
Result<std::string> read_memory_file(const std::filesystem::path& file);
/// Puts `text` in the file's place, whole or not at all; 0600. Blocking. Error: local.
Result<void> write_memory_file(const std::filesystem::path& file, const std::string& text);

class StoredMemory {
 public:
  StoredMemory(const net::asio::any_io_executor& executor, net::Offload& offload)
      : offload_(offload), loaded_(executor, net::asio::steady_timer::time_point::max()) {}

  /// The memory, once the file was read; who comes meanwhile waits.
  net::asio::awaitable<Memory*> open(std::filesystem::path state_directory);
  /// Writes what has changed. One at a time: what changes meanwhile is written by who is at it.
  net::asio::awaitable<void> save(std::filesystem::path state_directory);

  /// As far as it is known now.
  Memory& now() { return memory_; }
  const Memory& now() const { return memory_; }

 private:
  enum class State : std::uint8_t { unread, reading, there };

  net::Offload& offload_;
  Memory memory_;
  State state_ = State::unread;
  net::asio::steady_timer loaded_;  // an event: canceled when the file was read
  bool saving_ = false;
};

}  // namespace homeward::upstream
