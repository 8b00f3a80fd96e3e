#include "tests/bench/upstream/tally.hpp"

#include <fmt/format.h>

#include <iterator>

namespace bench {
namespace {

template <class Map>
std::string object(const Map& map) {
  std::string text = "{";
  for (const auto& [name, value] : map)
    fmt::format_to(std::back_inserter(text), "{}\"{}\": {}", text.size() > 1 ? ", " : "", name, value);
  return text + "}";
}

}  // namespace

void Tally::accept(const Checker::Verdict& verdict, std::uint64_t size, unsigned round_trips) {
  ++messages;
  octets += size;
  ++flights[round_trips];
  last = Clock::now();
  switch (verdict.state) {
    case Checker::State::whole:
      ++copies[verdict.id];
      break;
    case Checker::State::altered:
      ++altered;
      break;
    case Checker::State::unmarked:
      ++unmarked;
      break;
  }
}

std::string Tally::json() const {
  const std::map<std::string, std::uint64_t> numbers{{"connections", connections},
                                                     {"full_handshakes", full_handshakes},
                                                     {"resumed_handshakes", resumed_handshakes},
                                                     {"failed_handshakes", failed_handshakes},
                                                     {"logins", logins},
                                                     {"refused_logins", refused_logins},
                                                     {"commands", commands},
                                                     {"messages", messages},
                                                     {"octets", octets},
                                                     {"refused", refused},
                                                     {"altered", altered},
                                                     {"unmarked", unmarked}};
  auto text = object(numbers);
  text.pop_back();
  return text + fmt::format(R"(, "last": {:.6f}, "flights": {}, "copies": {}}})",
                            std::chrono::duration<double>(last.time_since_epoch()).count(), object(flights),
                            object(copies));
}

}  // namespace bench
