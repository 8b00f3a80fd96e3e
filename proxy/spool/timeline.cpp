// How far time went on between a record and now. safety.md 5 (clock ±10 years, suspend).
#include "proxy/spool/timeline.hpp"

#include <algorithm>

namespace homeward::spool {
namespace {

using std::chrono::milliseconds;

/// What may be said to have passed since `record`.
milliseconds passed(const TimeRecord& record, const std::string& boot, milliseconds since_boot,
                    std::chrono::system_clock::time_point wall) {
  const bool same_boot = !boot.empty() && boot == record.boot && since_boot >= record.since_boot;
  if (same_boot) return since_boot - record.since_boot;
  if (wall <= record.wall) return milliseconds{0};
  // Two walls may lie further apart than milliseconds of one type can say.
  if (wall - kLargestGap >= record.wall) return kLargestGap;
  return std::chrono::duration_cast<milliseconds>(wall - record.wall);
}

}  // namespace

Timeline::Timeline(const Clock& clock)
    : clock_(clock), boot_(clock.boot()), since_boot_(clock.since_boot()) {}

Timeline::Timeline(const Clock& clock, const TimeRecord& record) : Timeline(clock) {
  witnessed_ = record.witnessed + passed(record, boot_, since_boot_, clock.wall());
}

Moment Timeline::now() const {
  const auto since = std::max(clock_.since_boot() - since_boot_, milliseconds{0});
  return {clock_.wall(), witnessed_ + since};
}

TimeRecord Timeline::record() const {
  const auto [wall, witnessed] = now();
  return {boot_, clock_.since_boot(), wall, witnessed};
}

void Timeline::at_least(milliseconds witnessed) {
  const auto behind = witnessed - now().witnessed;
  if (behind > milliseconds{0}) witnessed_ += behind;
}

}  // namespace homeward::spool
