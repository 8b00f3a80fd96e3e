// What goes wrong at the measuring upstream, and for which message: decided by the message's id and a seed
// alone, so that each run of the same messages meets the same. RFC 5321 §4.2.1: 4yz and 5yz.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace bench {

struct FaultShares {
  double temporary = 0;  ///< refused with 4yz when first tried
  double permanent = 0;  ///< refused with 5yz whenever tried
  double slow = 0;       ///< the answer to the content comes late
  std::chrono::milliseconds slow_by{0};
  std::uint64_t seed = 1;
};

class Faults {
 public:
  enum class Place { rcpt, dot };  ///< half of the refusals at RCPT, half after the last dot

  explicit Faults(FaultShares shares) : shares_(shares) {}
  /// The reply (with CR LF) that refuses this message here; empty where it is taken.
  std::string refusal(Place place, const std::string& id);
  std::chrono::milliseconds delay(const std::string& id) const;

 private:
  FaultShares shares_;
  std::set<std::string> tried_;  // what was refused for now
};

}  // namespace bench
