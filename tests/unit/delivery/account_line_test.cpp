// How often and how many at once an account is tried.
#include "proxy/delivery/account_line.hpp"

#include "tests/support/catch.hpp"

namespace homeward::delivery::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

conf::AccountConfig account(unsigned pool_size = 4) {
  conf::AccountConfig account;
  account.rules.name = "home";
  account.pool_size = pool_size;
  account.retry = minutes(1);
  account.retry_max = minutes(30);
  return account;
}

spool::Moment at(milliseconds witnessed) {
  return {std::chrono::system_clock::time_point(witnessed), witnessed};
}

}  // namespace

TEST_CASE("delivery: the runner leaves one connection to the clients", "[delivery]") {
  AccountLine line;
  CHECK(line.limit(account(4)) == 3);
  CHECK(line.limit(account(2)) == 1);
  CHECK(line.limit(account(1)) == 1);
  const auto home = account(3);
  CHECK(line.free_at(home, milliseconds(7)) == milliseconds(7));
  line.begin();
  line.begin();
  CHECK_FALSE(line.free_at(home, milliseconds(8)).has_value());
  line.end();
  CHECK(line.free_at(home, milliseconds(9)) == milliseconds(9));
}

TEST_CASE("delivery: a failing account is tried by one message at a time, ever more seldom", "[delivery]") {
  AccountLine line;
  const auto home = account();
  milliseconds now{0};
  for (const auto wait :
       {minutes(1), minutes(2), minutes(4), minutes(8), minutes(16), minutes(30), minutes(30)}) {
    line.failed(home, "no route", at(now), 0.5);
    CHECK(line.limit(home) == 1);
    CHECK(line.free_at(home, now) == now + wait);
    now += wait;
  }
  CHECK(line.last_error() == "no route");
  line.worked(at(now));
  CHECK(line.limit(home) == 3);
  CHECK(line.free_at(home, now) == now);
  CHECK(line.last_error().empty());
}

TEST_CASE("delivery: who failed together does not come back together", "[delivery]") {
  AccountLine early;
  AccountLine late;
  const auto home = account();
  early.failed(home, "x", at(milliseconds(0)), 0.0);
  late.failed(home, "x", at(milliseconds(0)), 1.0);
  CHECK(early.free_at(home, milliseconds(0)) == seconds(48));
  CHECK(late.free_at(home, milliseconds(0)) == seconds(72));
}

TEST_CASE("delivery: a forgiven account is tried at once, and is still known to fail", "[delivery]") {
  AccountLine line;
  const auto home = account();
  line.failed(home, "no route", at(milliseconds(0)), 0.5);
  line.forgive();
  CHECK(line.free_at(home, milliseconds(1)) == milliseconds(1));
  CHECK(line.limit(home) == 1);
}

TEST_CASE("delivery: a paused account waits until it is resumed", "[delivery]") {
  AccountLine line;
  const auto home = account();
  line.pause(true);
  CHECK_FALSE(line.free_at(home, milliseconds(0)).has_value());
  line.pause(false);
  CHECK(line.free_at(home, milliseconds(3)) == milliseconds(3));
}

}  // namespace homeward::delivery::test
