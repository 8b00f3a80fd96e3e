// Timeline: witnessed time, what was seen to pass while this spool existed. Within one boot it goes by the
// boot clock, also over a restart of ours; over what nobody saw (another boot, or one without a name) by
// the wall, at most kLargestGap and never back. Pure: the clock is handed in, the record is stored by others.
#pragma once

#include <chrono>
#include <string>

#include "proxy/base/clock.hpp"
#include "proxy/spool/entry.hpp"

namespace homeward::spool {

/// What must outlive us to go on from.
struct TimeRecord {
  std::string boot;
  std::chrono::milliseconds since_boot{0};
  std::chrono::system_clock::time_point wall;
  std::chrono::milliseconds witnessed{0};
};

class Timeline {
 public:
  /// A new one begins at zero.
  explicit Timeline(const Clock& clock);
  Timeline(const Clock& clock, const TimeRecord& record);

  Moment now() const;
  TimeRecord record() const;
  /// What was written later than the record was: time had come that far.
  void at_least(std::chrono::milliseconds witnessed);

 private:
  const Clock& clock_;
  std::string boot_;                      ///< asked once: it costs a file
  std::chrono::milliseconds since_boot_;  ///< when witnessed_ was right
  std::chrono::milliseconds witnessed_{0};
};

}  // namespace homeward::spool
