#include "tests/faulty/clock.hpp"

#include <fstream>

namespace homeward::test {

FileClock::Offset FileClock::offset() const {
  std::ifstream file(file_);
  std::chrono::seconds::rep time = 0;
  std::chrono::seconds::rep wall = 0;
  if (!(file >> time)) return {};
  if (!(file >> wall)) wall = 0;
  return {std::chrono::seconds(time), std::chrono::seconds(wall)};
}

std::chrono::system_clock::time_point FileClock::wall() const {
  const auto [time, wall] = offset();
  return system_.wall() + time + wall;
}

std::chrono::milliseconds FileClock::since_boot() const {
  return system_.since_boot() + offset().time;
}

}  // namespace homeward::test
