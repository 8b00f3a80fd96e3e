#include "proxy/spool/timeline.hpp"

#include "tests/unit/spool/fixture.hpp"

namespace {

using namespace std::chrono_literals;
using homeward::spool::kLargestGap;
using homeward::spool::Timeline;
using homeward::test::FakeClock;
using std::chrono::hours;
using std::chrono::milliseconds;

constexpr auto kTenYears = hours{24 * 3652};

}  // namespace

TEST_CASE("spool: witnessed time goes by the boot clock, whatever the wall does", "[spool]") {
  struct Case {
    const char* what;
    milliseconds wall;
    milliseconds boot;
    milliseconds expected;
  };
  const Case cases[] = {
      {"an hour", 1h, 1h, 1h},
      {"the wall jumped 10 years ahead", kTenYears, 1s, 1s},
      {"the wall jumped 10 years back", -kTenYears, 1s, 1s},
      {"suspended for three days: the boot clock counts it", 72h, 72h, 72h},
      {"a boot clock that went back is not believed", 1h, -1h, 0h},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    FakeClock clock;
    const Timeline running(clock);
    const auto record = running.record();
    clock.wall_now += one.wall;
    clock.boot_now += one.boot;
    CHECK(running.now().witnessed == one.expected);
    CHECK(running.now().wall == clock.wall_now);
    // The same over a restart of ours, except where the boot clock proves the boot to be another.
    if (one.boot >= 0h) CHECK(Timeline(clock, record).now().witnessed == one.expected);
  }
}

TEST_CASE("spool: over another boot witnessed time goes by the wall, within bounds", "[spool]") {
  struct Case {
    const char* what;
    milliseconds wall;
    milliseconds expected;
  };
  const Case cases[] = {
      {"off for an hour", 1h, 1h},
      {"off for a month", 720h, kLargestGap},
      {"just the largest gap", kLargestGap, kLargestGap},
      {"the clock went back 10 years", -kTenYears, 0h},
      {"the clock went ahead 10 years", kTenYears, kLargestGap},
  };
  for (const auto* boot : {"boot-2", ""}) {
    for (const auto& one : cases) {
      CAPTURE(one.what, boot);
      FakeClock clock;
      const Timeline before(clock);
      clock.pass(5h);
      const auto record = before.record();
      clock.boot_name = boot;
      clock.boot_now = 10s;
      clock.wall_now += one.wall;
      const Timeline after(clock, record);
      CHECK(after.now().witnessed == 5h + one.expected);
      clock.pass(1min);
      CHECK(after.now().witnessed == 5h + one.expected + 1min);
    }
  }
}

TEST_CASE("spool: a boot clock behind its record is another boot", "[spool]") {
  FakeClock clock;
  const Timeline before(clock);
  const auto record = before.record();
  clock.boot_now = 1s;
  clock.wall_now += 30min;
  CHECK(Timeline(clock, record).now().witnessed == 30min);
}

TEST_CASE("spool: walls further apart than one type can say don't overflow", "[spool]") {
  FakeClock clock;
  auto record = Timeline(clock).record();
  clock.boot_name = "boot-2";
  record.wall = std::chrono::system_clock::time_point::min();
  clock.wall_now = std::chrono::system_clock::time_point{1h};
  CHECK(Timeline(clock, record).now().witnessed == kLargestGap);
  record.wall = std::chrono::system_clock::time_point::max();
  CHECK(Timeline(clock, record).now().witnessed == 0h);
}

TEST_CASE("spool: time never lies behind what was written later than the record", "[spool]") {
  FakeClock clock;
  Timeline timeline(clock);
  timeline.at_least(3h);
  CHECK(timeline.now().witnessed == 3h);
  timeline.at_least(1h);
  CHECK(timeline.now().witnessed == 3h);
  clock.pass(1h);
  CHECK(timeline.now().witnessed == 4h);
}

TEST_CASE("spool: a spool that was off for long, and whose clock jumped, ages its mail by little",
          "[spool]") {
  const homeward::test::ScratchFolder folder;
  homeward::test::Running running(folder.path());
  running.open();
  running.clock.pass(1h);
  REQUIRE(running.store(homeward::test::entry_of("a"), "x"));
  running.clock.pass(2h);
  running.close();
  running.clock.boot_name = "boot-2";
  running.clock.boot_now = 5s;
  running.clock.wall_now += kTenYears;
  running.open();
  const auto entry = running.must(running->load("a"));
  CHECK(entry.received.witnessed == 1h);
  CHECK(homeward::spool::age(entry, running->now()) == 2h + kLargestGap);
}
