// InputBuffer: a client's bytes between the socket and those who read them. It takes memory when bytes are
// to come and gives it back when none are left: an idle session holds none. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace homeward::frontend {

class InputBuffer {
 public:
  /// What was read and not yet taken. Good until room() or release().
  std::string_view unread() const { return {bytes_.get() + begin_, end_ - begin_}; }
  /// The first `count` octets of unread() are done with.
  void take(std::size_t count) { begin_ += count; }

  /// Where the next bytes go: `size` octets or more.
  std::span<char> room(std::size_t size);
  /// So many were put there.
  void put(std::size_t count) { end_ += count; }
  /// Gives the memory back, but for what is unread.
  void release();

  /// What it holds of the heap, in octets.
  std::size_t capacity() const { return capacity_; }

 private:
  void move_to(std::size_t capacity);

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // of what is unread
  std::size_t end_ = 0;
};

}  // namespace homeward::frontend
