// FileClock: the system's clock moved by what a file says, so that a test can let days pass, or the wall
// jump, under a running daemon. The file holds one or two numbers of seconds, possibly negative: the first
// moves time itself (wall and boot clock), the second the wall alone. No file, no number: not moved.
#pragma once

#include <filesystem>

#include "proxy/base/clock.hpp"

namespace homeward::test {

class FileClock final : public Clock {
 public:
  explicit FileClock(std::filesystem::path file) : file_(std::move(file)) {}
  std::chrono::system_clock::time_point wall() const override;
  std::chrono::milliseconds since_boot() const override;
  std::string boot() const override { return system_.boot(); }

 private:
  struct Offset {
    std::chrono::seconds time{0};
    std::chrono::seconds wall{0};
  };
  Offset offset() const;  // read at each look: a file on a page cache costs microseconds

  std::filesystem::path file_;
  SystemClock system_;
};

}  // namespace homeward::test
