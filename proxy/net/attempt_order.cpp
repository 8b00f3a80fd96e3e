#include "proxy/net/attempt_order.hpp"

#include <algorithm>

namespace homeward::net {

void AttemptOrder::found(const std::vector<IpAddress>& addresses, bool more, TimePoint now) {
  more_ = more;
  if (!addresses.empty() && !first_found_) first_found_ = now;
  for (const auto& address : addresses) {
    if (known_ == kMostAddresses) return;
    ++known_;
    (address.is_v4() ? v4_ : v6_).push_back(address);
  }
}

std::optional<AttemptOrder::TimePoint> AttemptOrder::due() const {
  if (!has_waiting()) {
    const bool awaits_family = running_ == 0 && more_ && first_found_;
    return awaits_family ? std::optional(*first_found_ + kLateFamily) : std::nullopt;
  }
  const bool waits_for_v6 = more_ && v6_.empty() && started_ == 0;
  return waits_for_v6 ? std::max(next_, *first_found_ + kResolutionDelay) : next_;
}

bool AttemptOrder::is_lost(TimePoint now) const {
  if (running_ > 0 || has_waiting()) return false;
  return !more_ || (first_found_ && now >= *first_found_ + kLateFamily);
}

std::optional<IpAddress> AttemptOrder::start(TimePoint now) {
  if (!has_waiting() || now < *due()) return std::nullopt;
  const bool takes_v6 = v4_.empty() || (v6_is_next_ && !v6_.empty());
  auto& family = takes_v6 ? v6_ : v4_;
  const auto address = family.front();
  family.pop_front();
  v6_is_next_ = !takes_v6;
  ++started_;
  ++running_;
  next_ = now + kAttemptDelay;
  return address;
}

}  // namespace homeward::net
