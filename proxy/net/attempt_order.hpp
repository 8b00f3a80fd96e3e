// AttemptOrder: which address of a server is tried when, as RFC 8305 has it: families in turn with IPv6
// first, the next attempt 250 ms after the last one, or at once where one failed. Pure; the dialer carries it
// out.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "proxy/base/network.hpp"

namespace homeward::net {

class AttemptOrder {
 public:
  using Clock = std::chrono::steady_clock;
  using TimePoint = Clock::time_point;

  static constexpr std::chrono::milliseconds kAttemptDelay{250};  // RFC 8305 §5
  static constexpr std::chrono::milliseconds kResolutionDelay{
      50};  // §3: what IPv4 waits for IPv6's addresses
  /// Where all of one family failed, so long after its answer the other's is still waited for.
  static constexpr std::chrono::milliseconds kLateFamily{1000};
  static constexpr std::size_t kMostAddresses = 20;  ///< the rest is left out

  /// Addresses that came, in their family's order. `more`: the other family has not answered yet.
  void found(const std::vector<IpAddress>& addresses, bool more, TimePoint now);
  /// The address to begin with now; nothing where it is not yet time, or none waits.
  std::optional<IpAddress> start(TimePoint now);
  /// One of those that were started failed.
  void failed() {
    --running_;
    next_ = TimePoint::min();
  }

  /// When the next may start, or is_lost() is to be asked; nothing where only attempts and answers are
  /// awaited.
  std::optional<TimePoint> due() const;
  /// None runs, none waits and none is worth waiting for.
  bool is_lost(TimePoint now) const;
  bool has_any() const { return known_ > 0; }

 private:
  bool has_waiting() const { return !v4_.empty() || !v6_.empty(); }

  std::deque<IpAddress> v4_;
  std::deque<IpAddress> v6_;
  bool v6_is_next_ = true;
  bool more_ = false;
  std::size_t known_ = 0;
  std::size_t started_ = 0;
  std::size_t running_ = 0;
  TimePoint next_ = TimePoint::min();
  std::optional<TimePoint> first_found_;
};

}  // namespace homeward::net
