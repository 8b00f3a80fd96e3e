#include "proxy/spool/retry.hpp"

#include "tests/support/catch.hpp"

using homeward::spool::retry_wait;
using homeward::spool::RetryPlan;
using std::chrono::milliseconds;
using std::chrono::minutes;

TEST_CASE("spool: waits double from the first to the longest", "[spool]") {
  struct Case {
    unsigned failures;
    minutes expected;
  };
  const Case cases[] = {{0, minutes{1}},  {1, minutes{1}},  {2, minutes{2}},   {3, minutes{4}},
                        {5, minutes{16}}, {6, minutes{30}}, {64, minutes{30}}, {4'000'000'000U, minutes{30}}};
  for (const auto& one : cases) {
    CAPTURE(one.failures);
    CHECK(retry_wait({}, one.failures, 0.5) == one.expected);
  }
}

TEST_CASE("spool: dice spread a wait by a fifth to both sides and no further", "[spool]") {
  CHECK(retry_wait({}, 1, 0.0) == milliseconds(48'000));
  CHECK(retry_wait({}, 1, 1.0) == milliseconds(72'000));
  CHECK(retry_wait({}, 1, -7.0) == milliseconds(48'000));
  CHECK(retry_wait({}, 1, 7.0) == milliseconds(72'000));
}

TEST_CASE("spool: a plan of nonsense never makes a loop without a wait", "[spool]") {
  CHECK(retry_wait({milliseconds{0}, milliseconds{0}}, 9, 0.5) == milliseconds(1));
  CHECK(retry_wait({milliseconds{-5}, milliseconds{-5}}, 9, 0.5) == milliseconds(1));
  CHECK(retry_wait({minutes{10}, minutes{5}}, 1, 0.5) == minutes(5));
}
