#include "proxy/base/clock.hpp"

#include <time.h>

#include <fstream>

namespace homeward {

std::chrono::system_clock::time_point SystemClock::wall() const {
  return std::chrono::system_clock::now();
}

std::chrono::milliseconds SystemClock::since_boot() const {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);  // can't fail for a clock that every kernel since 2.6.39 has
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::seconds(now.tv_sec) +
                                                               std::chrono::nanoseconds(now.tv_nsec));
}

std::string SystemClock::boot() const {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;  // none where /proc is closed: unknown
  return id;
}

}  // namespace homeward
