// In which order what waits is tried. All times are witnessed time.
#include "proxy/delivery/schedule.hpp"

#include "tests/support/catch.hpp"

namespace homeward::delivery::test {
namespace {

using std::chrono::milliseconds;

spool::Summary waiting(std::string id, std::string client, int received, int next = 0,
                       std::string account = "home") {
  return {std::move(id),        std::move(account), std::move(client),
          spool::State::queued, milliseconds(next), milliseconds(received)};
}

std::string take_all(Schedule& schedule, int now, const std::string& account = "home") {
  std::string order;
  while (auto next = schedule.take(account, milliseconds(now))) order += next->id + " ";
  return order;
}

std::string take(Schedule& schedule) {
  const auto next = schedule.take("home", milliseconds(0));
  return next ? next->id : "none";
}

}  // namespace

TEST_CASE("delivery: clients take turns, and each client's oldest goes first", "[delivery]") {
  Schedule schedule;
  for (int i = 0; i < 4; ++i) schedule.put(waiting("a" + std::to_string(i), "10.0.0.1", i));
  schedule.put(waiting("b0", "10.0.0.2", 10));
  schedule.put(waiting("c0", "10.0.0.3", 11));
  schedule.put(waiting("c1", "10.0.0.3", 12));
  CHECK(schedule.waiting("home") == 7);
  CHECK(take_all(schedule, 100) == "a0 b0 c0 a1 c1 a2 a3 ");
  CHECK(schedule.waiting("home") == 0);
  CHECK(schedule.accounts().empty());
}

TEST_CASE("delivery: a turn goes on behind the client that had it, even if that one is gone", "[delivery]") {
  Schedule schedule;
  schedule.put(waiting("a0", "10.0.0.1", 0));
  schedule.put(waiting("b0", "10.0.0.2", 0));
  schedule.put(waiting("c0", "10.0.0.3", 0));
  CHECK(take(schedule) == "a0");
  CHECK(take(schedule) == "b0");
  schedule.put(waiting("a1", "10.0.0.1", 1));
  CHECK(take(schedule) == "c0");
  CHECK(take(schedule) == "a1");
}

TEST_CASE("delivery: what is not due is not taken, and blocks nobody", "[delivery]") {
  Schedule schedule;
  schedule.put(waiting("late", "10.0.0.1", 0, 500));
  schedule.put(waiting("now", "10.0.0.2", 1, 50));
  CHECK(schedule.next_due("home") == milliseconds(50));
  CHECK(take_all(schedule, 49) == "");
  CHECK(take_all(schedule, 100) == "now ");
  CHECK(schedule.next_due("home") == milliseconds(500));
  CHECK_FALSE(schedule.next_due("work").has_value());
}

TEST_CASE("delivery: accounts have nothing to do with each other", "[delivery]") {
  Schedule schedule;
  schedule.put(waiting("h", "10.0.0.1", 0, 0, "home"));
  schedule.put(waiting("w", "10.0.0.1", 0, 900, "work"));
  CHECK(schedule.accounts() == std::vector<std::string>{"home", "work"});
  schedule.hurry("home", milliseconds(5));
  CHECK(take_all(schedule, 5, "work") == "");
  schedule.hurry("work", milliseconds(5));
  CHECK(take_all(schedule, 5, "work") == "w ");
  CHECK(take_all(schedule, 5, "home") == "h ");
}

TEST_CASE("delivery: hurrying keeps the order in which messages came", "[delivery]") {
  Schedule schedule;
  schedule.put(waiting("third", "10.0.0.1", 3, 100));
  schedule.put(waiting("first", "10.0.0.1", 1, 900));
  schedule.put(waiting("second", "10.0.0.1", 2, 500));
  schedule.hurry_all(milliseconds(50));
  CHECK(take_all(schedule, 50) == "first second third ");
}

TEST_CASE("delivery: one alone can be hurried, and what is due stays so", "[delivery]") {
  Schedule schedule;
  schedule.put(waiting("late", "10.0.0.1", 1, 900));
  schedule.put(waiting("other", "10.0.0.1", 2, 900));
  schedule.put(waiting("due", "10.0.0.1", 3, 10));
  schedule.hurry_one("late", milliseconds(50));
  schedule.hurry_one("due", milliseconds(50));
  schedule.hurry_one("never", milliseconds(50));
  CHECK(schedule.find("never") == nullptr);
  REQUIRE(schedule.find("late") != nullptr);
  CHECK(schedule.find("late")->next == milliseconds(50));
  CHECK(schedule.next_due("home") == milliseconds(10));
  CHECK(take_all(schedule, 50) == "due late ");
}

TEST_CASE("delivery: an entry stands in the schedule once, where it was put last", "[delivery]") {
  Schedule schedule;
  schedule.put(waiting("x", "10.0.0.1", 0, 100, "home"));
  schedule.put(waiting("x", "10.0.0.1", 0, 0, "work"));
  CHECK(schedule.waiting("home") == 0);
  CHECK(schedule.waiting("work") == 1);
  schedule.remove("x");
  schedule.remove("x");
  schedule.remove("never");
  CHECK(schedule.accounts().empty());
}

TEST_CASE("delivery: what is old is found, the oldest first", "[delivery]") {
  Schedule schedule;
  schedule.put(waiting("b", "10.0.0.2", 20));
  schedule.put(waiting("a", "10.0.0.1", 10, 700));
  schedule.put(waiting("c", "10.0.0.1", 30));
  CHECK(schedule.older_than("home", milliseconds(20)) == std::vector<std::string>{"a", "b"});
  CHECK(schedule.older_than("home", milliseconds(9)).empty());
  CHECK(schedule.older_than("work", milliseconds(99)).empty());
}

}  // namespace homeward::delivery::test
