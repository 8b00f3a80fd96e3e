#include "proxy/frontend/input_buffer.hpp"

#include <cstring>
#include <utility>

namespace homeward::frontend {

std::span<char> InputBuffer::room(std::size_t size) {
  const auto have = unread().size();
  if (have + size > capacity_) {
    move_to(have + size);
  } else if (capacity_ - end_ < size || have == 0) {
    if (have > 0) std::memmove(bytes_.get(), bytes_.get() + begin_, have);
    begin_ = 0;
    end_ = have;
  }
  return {bytes_.get() + end_, capacity_ - end_};
}

void InputBuffer::release() {
  if (unread().size() < capacity_) move_to(unread().size());
}

void InputBuffer::move_to(std::size_t capacity) {
  const auto have = unread();
  auto bytes = capacity == 0 ? nullptr : std::make_unique_for_overwrite<char[]>(capacity);
  if (!have.empty()) std::memcpy(bytes.get(), have.data(), have.size());
  end_ = have.size();
  begin_ = 0;
  capacity_ = capacity;
  bytes_ = std::move(bytes);
}

}  // namespace homeward::frontend
