// What the system said, as an Error; and a file descriptor that closes itself. For the files of the sandbox.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "proxy/base/result.hpp"

namespace homeward::app::sandbox {

inline Error fault(std::string text) {
  return make_error(Fault::local, 451, {4, 3, 0}, std::move(text));
}

/// `what` and the word of errno.
inline Error system_fault(std::string what) {
  return fault(std::move(what) + ": " + std::generic_category().message(errno));
}

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }

  explicit operator bool() const { return number_ >= 0; }
  int get() const { return number_; }

 private:
  int number_ = -1;
};

}  // namespace homeward::app::sandbox
