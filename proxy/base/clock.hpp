// Clock: the times that outlive a process, as an interface, so that tests bring their own. What is measured
// within one run uses std::chrono::steady_clock and needs none.
#pragma once

#include <chrono>
#include <string>

namespace homeward {

class Clock {
 public:
  virtual ~Clock() = default;
  /// What the wall says: for people, and never alone for a decision, as it may jump.
  virtual std::chrono::system_clock::time_point wall() const = 0;
  /// Since this boot, sleep included; never jumps (CLOCK_BOOTTIME).
  virtual std::chrono::milliseconds since_boot() const = 0;
  /// Names this boot; since_boot() of two boots can't be compared. May be empty: unknown.
  virtual std::string boot() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::chrono::system_clock::time_point wall() const override;
  std::chrono::milliseconds since_boot() const override;
  std::string boot() const override;
};

}  // namespace homeward
