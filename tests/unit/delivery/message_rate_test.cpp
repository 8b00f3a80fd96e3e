// An account's messages per time: what is reserved, what is used, and when the next may go.
#include "proxy/delivery/message_rate.hpp"

#include <random>
#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::delivery::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct House {
  milliseconds now{0};
  unsigned changes = 0;
  std::shared_ptr<MessageRate> rate =
      std::make_shared<MessageRate>([this] { return now; }, [this] { ++changes; });
};

}  // namespace

TEST_CASE("delivery: a place that was reserved and not used is free again", "[delivery]") {
  House house;
  const conf::Rate two{2, minutes(1)};
  auto first = house.rate->reserve(two);
  auto second = house.rate->reserve(two);
  REQUIRE(first);
  REQUIRE(second);
  CHECK_FALSE(house.rate->reserve(two));
  CHECK_FALSE(house.rate->free_at(two));
  second.reset();
  CHECK(house.changes == 1);
  CHECK(house.rate->free_at(two) == house.now);
}

TEST_CASE("delivery: a message counts from its answer, not from when it was let go or sent", "[delivery]") {
  House house;
  const conf::Rate one{1, minutes(1)};
  auto ticket = house.rate->reserve(one);
  REQUIRE(ticket);
  house.now = seconds(40);
  ticket->sent();
  CHECK_FALSE(house.rate->free_at(one));
  house.now = seconds(50);
  ticket->answered();
  ticket->answered();  // once is enough
  CHECK(house.changes == 1);
  CHECK(house.rate->free_at(one) == seconds(110));
  ticket.reset();
  CHECK(house.rate->free_at(one) == seconds(110));
}

TEST_CASE("delivery: no stretch of a minute sees more messages than the rate, however long each waits",
          "[delivery]") {
  House house;
  const conf::Rate three{3, minutes(1)};
  std::mt19937 random(7);
  std::vector<MessageRate::Ticket> waiting;
  std::vector<milliseconds> sent;
  for (; house.now < minutes(20); house.now += seconds(1)) {
    if (auto ticket = house.rate->reserve(three)) waiting.push_back(std::move(*ticket));
    if (waiting.empty() || random() % 4 != 0) continue;
    if (random() % 8 != 0) {
      waiting.front().sent();
      if (random() % 2 == 0) waiting.front().answered();
      sent.push_back(house.now);
    }
    waiting.erase(waiting.begin());
  }
  CHECK(sent.size() > 30);
  for (std::size_t i = 3; i < sent.size(); ++i) CHECK(sent[i] - sent[i - 3] >= minutes(1));
}

TEST_CASE("delivery: a ticket may outlive its account", "[delivery]") {
  House house;
  auto ticket = house.rate->reserve({1, minutes(1)});
  REQUIRE(ticket);
  house.rate.reset();
  ticket->sent();
  ticket->answered();
}

TEST_CASE("delivery: a MAIL that went out and was not answered counts, and so does its repetition",
          "[delivery]") {
  House house;
  const conf::Rate two{2, minutes(1)};
  auto ticket = house.rate->reserve(two);
  REQUIRE(ticket);
  ticket->sent();
  house.now = seconds(5);
  ticket->sent();
  CHECK_FALSE(house.rate->reserve(two));
  ticket.reset();
  CHECK_FALSE(house.rate->reserve(two));
  CHECK(house.rate->free_at(two) == seconds(65));
}

}  // namespace homeward::delivery::test
