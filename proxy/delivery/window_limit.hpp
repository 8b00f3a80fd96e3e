// WindowLimit: so many in any stretch of so long, as providers count. Pure.
#pragma once

#include <chrono>
#include <deque>

namespace homeward::delivery {

class WindowLimit {
 public:
  using Time = std::chrono::milliseconds;

  /// When the next one is free, at the earliest `now`.
  Time free_at(Time now, std::size_t most, Time window) {
    forget(now, window);
    return taken_.size() < most ? now : taken_[taken_.size() - most] + window;
  }
  /// False where it has to wait.
  bool take(Time now, std::size_t most, Time window) {
    if (free_at(now, most, window) > now) return false;
    count(now);
    return true;
  }
  void count(Time now) { taken_.push_back(now); }

 private:
  void forget(Time now, Time window) {
    while (!taken_.empty() && now - taken_.front() >= window) taken_.pop_front();
  }
  std::deque<Time> taken_;
};

}  // namespace homeward::delivery
