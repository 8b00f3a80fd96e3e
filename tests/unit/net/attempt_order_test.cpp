// Which address is tried when: RFC 8305 without a network or a clock.
#include "proxy/net/attempt_order.hpp"

#include <string>

#include "tests/support/catch.hpp"

namespace homeward::net::test {
namespace {

using std::chrono::milliseconds;
using TimePoint = AttemptOrder::TimePoint;

const TimePoint kStart{std::chrono::hours{1}};

TimePoint at(int ms) {
  return kStart + milliseconds{ms};
}

std::vector<IpAddress> addresses(const std::vector<std::string>& texts) {
  std::vector<IpAddress> all;
  for (const auto& text : texts) all.push_back(*IpAddress::parse(text));
  return all;
}

std::string started(AttemptOrder& order, int ms) {
  const auto address = order.start(at(ms));
  return address ? address->to_string() : "";
}

}  // namespace

TEST_CASE("net: addresses are tried a family at a time in turn, IPv6 first, 250 ms apart", "[net]") {
  AttemptOrder order;
  CHECK_FALSE(order.due());
  order.found(addresses({"10.0.0.1", "10.0.0.2", "2001:db8::1", "10.0.0.3", "2001:db8::2"}), false, at(0));
  const std::vector<std::string> expected = {"2001:db8::1", "10.0.0.1", "2001:db8::2", "10.0.0.2",
                                             "10.0.0.3"};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const int ms = static_cast<int>(i) * 250;
    CAPTURE(ms);
    if (i > 0) CHECK(order.due() == at(ms));
    if (i > 0) CHECK(started(order, ms - 1) == "");
    CHECK(started(order, ms) == expected[i]);
    CHECK(started(order, ms) == "");
  }
  CHECK_FALSE(order.due());
  CHECK_FALSE(order.is_lost(at(100'000)));  // all still run
}

TEST_CASE("net: a failed attempt brings the next at once", "[net]") {
  AttemptOrder order;
  order.found(addresses({"2001:db8::1", "10.0.0.1", "10.0.0.2"}), false, at(0));
  CHECK(started(order, 0) == "2001:db8::1");
  CHECK(started(order, 10) == "");
  order.failed();
  CHECK(started(order, 10) == "10.0.0.1");
  CHECK(started(order, 11) == "");
  CHECK(order.due() == at(260));
  order.failed();
  CHECK(started(order, 20) == "10.0.0.2");
  CHECK_FALSE(order.is_lost(at(20)));
  order.failed();
  CHECK(order.is_lost(at(20)));
}

TEST_CASE("net: IPv4 waits 50 ms for IPv6's answer, and no longer", "[net]") {
  AttemptOrder order;
  order.found(addresses({"10.0.0.1", "10.0.0.2"}), true, at(100));
  CHECK(order.due() == at(150));
  CHECK(started(order, 149) == "");
  SECTION("the answer comes in time") {
    order.found(addresses({"2001:db8::1"}), false, at(120));
    CHECK(started(order, 120) == "2001:db8::1");
    CHECK(started(order, 369) == "");
    CHECK(started(order, 370) == "10.0.0.1");
  }
  SECTION("the answer is that there is none") {
    order.found({}, false, at(120));
    CHECK(started(order, 120) == "10.0.0.1");
  }
  SECTION("the answer is late") {
    order.found({}, true, at(130));  // something woke us
    CHECK(order.due() == at(150));
    CHECK(started(order, 150) == "10.0.0.1");
    order.found(addresses({"2001:db8::1"}), false, at(200));
    CHECK(started(order, 399) == "");
    CHECK(started(order, 400) == "2001:db8::1");
    CHECK(started(order, 650) == "10.0.0.2");
  }
}

TEST_CASE("net: IPv6 does not wait for IPv4's answer", "[net]") {
  AttemptOrder order;
  order.found(addresses({"2001:db8::1"}), true, at(0));
  CHECK(started(order, 0) == "2001:db8::1");
  CHECK_FALSE(order.due());
  order.failed();
  CHECK_FALSE(order.is_lost(at(999)));
  CHECK(order.due() == at(1000));
  SECTION("it comes") {
    order.found(addresses({"10.0.0.1"}), false, at(500));
    CHECK(started(order, 500) == "10.0.0.1");
  }
  SECTION("it does not") {
    CHECK(order.is_lost(at(1000)));
  }
  SECTION("it comes, and is empty") {
    order.found({}, false, at(500));
    CHECK(order.is_lost(at(500)));
  }
}

TEST_CASE("net: a name without addresses is lost once both families have answered", "[net]") {
  AttemptOrder order;
  order.found({}, true, at(0));
  CHECK_FALSE(order.is_lost(at(100'000)));
  CHECK_FALSE(order.due());
  order.found({}, false, at(1));
  CHECK(order.is_lost(at(1)));
  CHECK_FALSE(order.has_any());
}

TEST_CASE("net: of very many addresses some are enough", "[net]") {
  AttemptOrder order;
  order.found(std::vector<IpAddress>(1000, *IpAddress::parse("10.0.0.1")), false, at(0));
  std::size_t count = 0;
  while (order.start(at(0))) {
    ++count;
    order.failed();
  }
  CHECK(count == AttemptOrder::kMostAddresses);
}

}  // namespace homeward::net::test
