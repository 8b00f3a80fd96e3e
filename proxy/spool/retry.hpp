// Retry: when to try again. Pure. product.md 4 (retry, retry_max), RFC 5321 §4.5.4.1.
#pragma once

#include <chrono>

namespace homeward::spool {

struct RetryPlan {
  std::chrono::milliseconds first{std::chrono::minutes{1}};
  std::chrono::milliseconds longest{std::chrono::minutes{30}};
};

/// The wait after the `failures`-th failure in a row (1 for the first): first, doubled each time, at most
/// `longest`, times 0.8 to 1.2 as `dice` (0 to 1) falls, so that many who failed together don't come back
/// together.
std::chrono::milliseconds retry_wait(const RetryPlan& plan, unsigned failures, double dice);

}  // namespace homeward::spool
