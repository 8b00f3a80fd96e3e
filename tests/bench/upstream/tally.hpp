// What the measuring upstream counts. Told and begun anew by each `take` (main.cpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/letter.hpp"

namespace bench {

struct Tally {
  using Clock = std::chrono::steady_clock;

  std::uint64_t connections = 0;
  std::uint64_t full_handshakes = 0, resumed_handshakes = 0, failed_handshakes = 0;
  std::uint64_t logins = 0, refused_logins = 0;
  std::uint64_t commands = 0;
  std::uint64_t messages = 0;                 ///< accepted
  std::uint64_t octets = 0;                   ///< of their contents, as they came
  std::uint64_t refused = 0;                  ///< by the faults
  std::uint64_t altered = 0;                  ///< the digest is not the one announced
  std::uint64_t unmarked = 0;                 ///< none of bench_load's
  std::map<std::string, unsigned> copies;     ///< by id, of those that are whole
  std::map<unsigned, std::uint64_t> flights;  ///< how many messages took so many round trips
  Clock::time_point last{};                   ///< the last was accepted

  void accept(const Checker::Verdict& verdict, std::uint64_t size, unsigned round_trips);
  /// One line of JSON. Times are seconds of CLOCK_MONOTONIC, which bench_load tells, too.
  std::string json() const;
};

}  // namespace bench
