// The table of states and events, each pair once; then what an event does to an entry.
#include "proxy/spool/entry.hpp"

#include <array>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace {

using namespace std::chrono_literals;
using homeward::spool::Entry;
using homeward::spool::Event;
using homeward::spool::Moment;
using homeward::spool::Recipient;
using homeward::spool::State;
namespace spool = homeward::spool;
using Status = Recipient::Status;

Recipient recipient(const std::string& address, Status status = Status::waiting) {
  Recipient one;
  one.to.path.mailbox = *homeward::smtp::Mailbox::parse(address);
  one.status = status;
  return one;
}

Entry entry_in(State state) {
  Entry entry;
  entry.id = "abc";
  entry.state = state;
  entry.recipients = {recipient("a@x.example"), recipient("b@x.example")};
  return entry;
}

const Moment kNow{std::chrono::system_clock::time_point{std::chrono::hours{24 * 365 * 50}}, 1000s};

/// One event of each kind, in the order of the variant.
const std::array<Event, 12>& events() {
  static const std::array<Event, 12> all{spool::Released{},
                                         spool::DotDue{},
                                         spool::Settled{{}, 2000s, "try later"},
                                         spool::AnswerLost{3000s, "lost"},
                                         spool::Failed{false, "gone"},
                                         spool::DelayTold{},
                                         spool::Held{"by a person"},
                                         spool::Rerouted{"other"},
                                         spool::Unheld{},
                                         spool::Hurried{"now"},
                                         spool::Dropped{"by a person"},
                                         spool::Restarted{}};
  return all;
}

}  // namespace

TEST_CASE("spool: each pair of state and event leads where the table says", "[spool]") {
  const auto none = std::optional<State>{};
  using enum State;
  struct Row {
    State from;
    // Released, DotDue, Settled, AnswerLost, Failed, DelayTold, Held, Rerouted, Unheld, Hurried, Dropped,
    // Restarted
    std::array<std::optional<State>, 12> to;
  };
  // clang-format off
  const Row table[] = {
      {pending, {queued, sending, none, reply_unknown, none, none, none, none, none, none, done, done}},
      {queued, {none, sending, deferred, none, failed, queued, held, queued, none, queued, done, queued}},
      {sending, {none, none, deferred, reply_unknown, failed, sending, none, none, none, none, none, reply_unknown}},
      {reply_unknown, {none, sending, deferred, none, failed, reply_unknown, held, reply_unknown, none, reply_unknown, done, reply_unknown}},
      {deferred, {none, sending, deferred, none, failed, deferred, held, deferred, none, deferred, done, deferred}},
      {held, {none, none, held, none, failed, held, held, held, queued, none, done, held}},
      {failed, {none, none, none, none, failed, none, none, failed, none, queued, done, failed}},
      {done, {none, none, none, none, none, none, none, none, none, none, none, done}},
  };
  // clang-format on
  for (const auto& row : table) {
    for (std::size_t i = 0; i < row.to.size(); ++i) {
      REQUIRE(events()[i].index() == i);
      CAPTURE(to_string(row.from), i);
      const auto result = spool::after(entry_in(row.from), events()[i], kNow);
      REQUIRE(result.has_value() == row.to[i].has_value());
      if (result) {
        CHECK(to_string(result->state) == to_string(*row.to[i]));
      } else {
        CHECK(result.error().fault == homeward::Fault::local);
        CHECK(result.error().reply.code == 451);
        CHECK(result.error().reply.text.starts_with("message abc "));
      }
    }
  }
}

TEST_CASE("spool: names of states and kinds are read again as what they were", "[spool]") {
  for (int i = 0; i < 8; ++i) {
    const auto state = static_cast<State>(i);
    CHECK(spool::parse_state(to_string(state)) == state);
  }
  for (int i = 0; i < 4; ++i) {
    const auto kind = static_cast<spool::Kind>(i);
    CHECK(spool::parse_kind(to_string(kind)) == kind);
  }
  CHECK(to_string(State::reply_unknown) == "reply-unknown");
  CHECK_FALSE(spool::parse_state("Queued"));
  CHECK_FALSE(spool::parse_kind(""));
}

TEST_CASE("spool: released with nobody left waiting is done; late recipients are added", "[spool]") {
  auto done = spool::after(entry_in(State::pending),
                           spool::Released{{recipient("a@x.example", Status::delivered),
                                            recipient("b@x.example", Status::refused)}},
                           kNow);
  REQUIRE(done);
  CHECK(done->state == State::done);

  auto queued = spool::after(entry_in(State::pending), spool::Released{{recipient("c@x.example")}}, kNow);
  REQUIRE(queued);
  CHECK(queued->state == State::queued);
  CHECK(queued->next == 1000s);
  REQUIRE(queued->recipients.size() == 3);
  CHECK(queued->recipients[2].to.path.to_string() == recipient("c@x.example").to.path.to_string());
}

TEST_CASE("spool: a settled attempt counts, and ends the message when nobody waits", "[spool]") {
  auto some =
      spool::after(entry_in(State::sending),
                   spool::Settled{{recipient("b@x.example", Status::delivered)}, 2000s, "greylisted"}, kNow);
  REQUIRE(some);
  CHECK(some->state == State::deferred);
  CHECK(some->next == 2000s);
  CHECK(some->attempts == 1);
  CHECK(some->last_attempt->witnessed == 1000s);
  CHECK(some->last_word == "greylisted");
  CHECK(some->recipients[0].status == Status::waiting);
  CHECK(some->recipients[1].status == Status::delivered);

  auto refused = recipient("a@x.example", Status::refused);
  for (const bool reported : {true, false}) {
    refused.reported = reported;
    const auto all = spool::after(*some, spool::Settled{{refused}, 3000s, "no"}, kNow);
    REQUIRE(all);
    CHECK(all->state == (reported ? State::done : State::failed));
    CHECK(all->next == 0s);
    CHECK(all->attempts == 2);
    if (reported) continue;
    const auto retried = spool::after(*all, spool::Hurried{}, kNow);
    REQUIRE(retried);
    CHECK(retried->recipients[0].status == Status::waiting);
  }
}

TEST_CASE("spool: a verdict for a recipient that the message doesn't have is refused", "[spool]") {
  const auto result = spool::after(
      entry_in(State::sending), spool::Settled{{recipient("z@x.example", Status::delivered)}, 0s, ""}, kNow);
  REQUIRE_FALSE(result);
  CHECK(result.error().reply.text == "message abc has no recipient <z@x.example>");
}

TEST_CASE("spool: an address given twice is settled twice", "[spool]") {
  auto entry = entry_in(State::sending);
  entry.recipients = {recipient("a@x.example"), recipient("b@x.example"), recipient("a@x.example")};
  const auto one = recipient("a@x.example", Status::delivered);
  const auto half = spool::after(entry, spool::Settled{{one}, 0s, ""}, kNow);
  REQUIRE(half);
  CHECK(half->recipients[0].status == Status::delivered);
  CHECK(half->recipients[2].status == Status::waiting);
  const auto both = spool::after(entry, spool::Settled{{one, one}, 0s, ""}, kNow);
  REQUIRE(both);
  CHECK(both->recipients[2].status == Status::delivered);
  CHECK_FALSE(spool::after(entry, spool::Settled{{one, one, one}, 0s, ""}, kNow));
}

TEST_CASE("spool: held stays held when a late verdict leaves someone waiting", "[spool]") {
  auto held = spool::after(entry_in(State::held),
                           spool::Settled{{recipient("a@x.example", Status::refused)}, 2000s, "no"}, kNow);
  REQUIRE(held);
  CHECK(held->state == State::held);
  CHECK(held->recipients[0].status == Status::refused);
}

TEST_CASE("spool: a lost answer marks a possible copy for good", "[spool]") {
  auto lost = spool::after(entry_in(State::sending), spool::AnswerLost{2800s, "connection lost"}, kNow);
  REQUIRE(lost);
  CHECK(lost->possible_copy);
  CHECK(lost->next == 2800s);
  CHECK(lost->attempts == 1);
  auto again = spool::after(*lost, spool::Settled{{}, 4000s, "busy"}, kNow);
  REQUIRE(again);
  CHECK(again->possible_copy);
}

TEST_CASE("spool: a restart drops what nobody was promised and doubts what was being sent", "[spool]") {
  auto sending = spool::after(entry_in(State::sending), spool::Restarted{}, kNow);
  REQUIRE(sending);
  CHECK(sending->next == 1000s + 30min);
  CHECK(sending->possible_copy);
  CHECK(sending->attempts == 1);
  CHECK_FALSE(sending->last_word.empty());
  auto deferred = entry_in(State::deferred);
  deferred.next = 5000s;
  CHECK(spool::after(deferred, spool::Restarted{}, kNow)->next == 5000s);
}

TEST_CASE("spool: given up is failed, or done where it was returned", "[spool]") {
  const auto returned = spool::after(entry_in(State::deferred), spool::Failed{true, "expired"}, kNow);
  REQUIRE(returned);
  CHECK(returned->state == State::done);
  CHECK(returned->recipients[0].status == Status::refused);
  const auto failed = spool::after(entry_in(State::deferred), spool::Failed{false, "expired"}, kNow);
  REQUIRE(failed);
  CHECK(failed->state == State::failed);
  CHECK(failed->recipients[0].status == Status::waiting);
  CHECK(failed->last_word == "expired");
  CHECK(spool::after(*failed, spool::Failed{true, "expired"}, kNow)->state == State::done);
}

TEST_CASE("spool: hurried and unheld are due now", "[spool]") {
  for (const auto state : {State::queued, State::deferred, State::reply_unknown, State::failed}) {
    auto entry = entry_in(state);
    entry.next = 9000s;
    CAPTURE(to_string(state));
    CHECK(spool::after(entry, spool::Hurried{}, kNow)->next == 1000s);
  }
  CHECK(spool::after(entry_in(State::held), spool::Unheld{}, kNow)->next == 1000s);
  CHECK(spool::after(entry_in(State::queued), spool::DelayTold{}, kNow)->delay_told);
}

TEST_CASE("spool: age is the smaller of both measures, and a wall that went back is not asked", "[spool]") {
  struct Case {
    const char* what;
    std::chrono::hours wall;       // passed since it came
    std::chrono::hours witnessed;  // the same
    std::chrono::hours expected;
  };
  const Case cases[] = {
      {"both agree", 5h, 5h, 5h},
      {"the clock jumped 10 years ahead", 24h * 3650, 1h, 1h},
      {"the clock jumped 10 years back", -24h * 3650, 7h, 7h},
      {"the clock was set back a little", 6h, 7h, 6h},
      {"the machine was off for a month", 24h * 30, 12h, 12h},
      {"witnessed time of another spool", 5h, -3h, 0h},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    auto entry = entry_in(State::queued);
    entry.received = {kNow.wall, 100h};
    CHECK(spool::age(entry, {kNow.wall + one.wall, 100h + one.witnessed}) == one.expected);
  }
}

TEST_CASE("spool: a summary names the client of a message and none of a report", "[spool]") {
  auto entry = entry_in(State::deferred);
  entry.origin.client = *homeward::IpAddress::parse("192.0.2.7");
  CHECK(spool::summary_of(entry).client == "192.0.2.7");
  entry.kind = spool::Kind::failure_report;
  CHECK(spool::summary_of(entry).client.empty());
}

TEST_CASE("spool: who held a message is kept until it is released", "[spool]") {
  const auto by_us = spool::after(entry_in(State::queued), spool::Held{"no account", false}, kNow);
  REQUIRE(by_us);
  CHECK_FALSE(by_us->held_by_person);
  const auto by_person = spool::after(*by_us, spool::Held{"by a person", true}, kNow);
  REQUIRE(by_person);
  CHECK(by_person->held_by_person);
  const auto both = spool::after(*by_person, spool::Held{"no account", false}, kNow);
  REQUIRE(both);
  CHECK(both->held_by_person);
  CHECK_FALSE(spool::after(*both, spool::Unheld{}, kNow)->held_by_person);
}

TEST_CASE("spool: rerouted changes the account and no schedule", "[spool]") {
  auto entry = entry_in(State::deferred);
  entry.next = 5000s;
  const auto rerouted = spool::after(entry, spool::Rerouted{"work"}, kNow);
  REQUIRE(rerouted);
  CHECK(rerouted->account == "work");
  CHECK(rerouted->next == 5000s);
}
