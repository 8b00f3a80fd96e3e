// The waits of a schedule. Called by the runner after each failure. RFC 5321 §4.5.4.1.
#include "proxy/spool/retry.hpp"

#include <algorithm>
#include <cmath>

namespace homeward::spool {

std::chrono::milliseconds retry_wait(const RetryPlan& plan, unsigned failures, double dice) {
  // A double holds milliseconds of centuries exactly, and ldexp of any power can't overflow into nonsense.
  const auto first = static_cast<double>(std::max(plan.first.count(), std::chrono::milliseconds::rep{1}));
  const auto longest = static_cast<double>(plan.longest.count());
  const int doublings = static_cast<int>(std::clamp(failures, 1U, 64U)) - 1;
  const double wait = std::min(std::ldexp(first, doublings), std::max(longest, 1.0));
  const double jitter = 0.8 + 0.4 * std::clamp(dice, 0.0, 1.0);
  return std::chrono::milliseconds(std::llround(wait * jitter));
}

}  // namespace homeward::spool
