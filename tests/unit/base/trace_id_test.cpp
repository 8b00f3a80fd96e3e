// Ids that people read out over the phone.
#include "proxy/base/trace_id.hpp"

#include <set>

#include "tests/support/catch.hpp"

namespace homeward::test {

TEST_CASE("base: trace ids are twelve unmistakable characters, and never the same", "[frontend]") {
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    const auto id = make_trace_id();
    CHECK(id.size() == 12);
    CHECK(id.find_first_not_of("abcdefghjkmnpqrstuvwxyz23456789") == std::string::npos);
    CHECK(seen.insert(id).second);
  }
}

TEST_CASE("base: every place of a trace id takes many values", "[frontend]") {
  std::array<std::set<char>, 12> places;
  for (int i = 0; i < 2000; ++i) {
    const auto id = make_trace_id();
    for (std::size_t place = 0; place < places.size(); ++place) places[place].insert(id.at(place));
  }
  for (const auto& values : places) CHECK(values.size() >= 28);
}

}  // namespace homeward::test
