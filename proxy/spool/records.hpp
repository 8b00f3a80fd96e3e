// What the spool keeps beside entries, as values that its users, its rules and its storage share.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "proxy/spool/entry.hpp"

namespace homeward::spool {

/// One line of what happened to a message.
struct TraceLine {
  std::string id;
  std::chrono::system_clock::time_point when;
  std::string event;  ///< as in the log: "message.spooled"
  std::string text;
};

struct ListQuery {
  std::optional<State> state{};  ///< none: all but done
  std::optional<std::string> account{};
  std::string after{};  ///< page on behind this id (the order is that of ids)
  std::size_t limit = 1000;
};

/// Counts by state, and octets of all content.
struct Counts {
  std::uint64_t waiting = 0;
  std::uint64_t held = 0;
  std::uint64_t failed = 0;
  std::uint64_t set_aside = 0;
  std::uint64_t octets = 0;
};

}  // namespace homeward::spool
