// The limit of connections per account, and the queue before it.
#include "proxy/upstream/slots.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::upstream::test {
namespace {

namespace asio = net::asio;
using std::chrono::hours;
using std::chrono::milliseconds;

/// Who has a slot, who was refused, in order of events.
class Queue {
 public:
  explicit Queue(unsigned limit) : limit_(limit) {}

  void ask(std::string name, milliseconds patience = hours(1), asio::cancellation_slot stop = {}) {
    asio::co_spawn(context, take(std::move(name), patience), asio::bind_cancellation_slot(stop, [](auto) {}));
  }
  /// Runs until nobody can go on without time passing.
  void settle() {
    context.restart();
    context.poll();
  }
  void release(std::size_t index) { held.erase(held.begin() + static_cast<std::ptrdiff_t>(index)); }

  asio::io_context context;
  std::shared_ptr<Slots> slots = std::make_shared<Slots>(context.get_executor());
  std::vector<std::string> events;
  std::vector<Slots::Slot> held;

 private:
  asio::awaitable<void> take(std::string name, milliseconds patience) {
    auto slot = co_await slots->take(limit_, patience);
    if (slot) {
      events.push_back(name);
      held.push_back(std::move(*slot));
    } else {
      events.push_back(name + ": " + std::string(to_string(slot.error().fault)) + " " +
                       slot.error().reply.text);
    }
  }
  unsigned limit_;
};

using Events = std::vector<std::string>;

}  // namespace

TEST_CASE("upstream: slots are given up to the limit and then in order of arrival", "[upstream]") {
  Queue queue(2);
  for (const auto* name : {"a", "b", "c", "d", "e"}) queue.ask(name);
  queue.settle();
  CHECK(queue.events == Events{"a", "b"});
  CHECK(queue.slots->in_use() == 2);
  queue.release(0);
  queue.settle();
  CHECK(queue.events == Events{"a", "b", "c"});
  queue.release(0);
  queue.release(0);
  queue.settle();
  CHECK(queue.events == Events{"a", "b", "c", "d", "e"});
  queue.held.clear();
  CHECK(queue.slots->in_use() == 0);
}

TEST_CASE("upstream: nobody overtakes those who wait for a slot", "[upstream]") {
  Queue queue(1);
  queue.ask("a");
  queue.ask("b");
  queue.settle();
  queue.release(0);  // it is b's now, though b has not run yet
  queue.ask("c");
  queue.settle();
  CHECK(queue.events == Events{"a", "b"});
  CHECK(queue.slots->in_use() == 1);
}

TEST_CASE("upstream: who waits too long for a slot is told, and loses its place", "[upstream]") {
  Queue queue(1);
  queue.ask("a");
  queue.ask("b", milliseconds(1));
  queue.ask("c");
  queue.settle();
  queue.context.restart();
  queue.context.run_for(milliseconds(50));
  CHECK(queue.events == Events{"a", "b: timeout all 1 connections of this account stayed busy"});
  queue.release(0);
  queue.settle();
  CHECK(queue.events.back() == "c");
  CHECK(queue.slots->in_use() == 1);
}

TEST_CASE("upstream: a canceled wait leaves the queue", "[upstream]") {
  Queue queue(1);
  asio::cancellation_signal stop;
  queue.ask("a");
  queue.ask("b", hours(1), stop.slot());
  queue.ask("c");
  queue.settle();
  stop.emit(asio::cancellation_type::terminal);
  queue.settle();
  CHECK(queue.events == Events{"a", "b: canceled stopped"});
  queue.release(0);
  queue.settle();
  CHECK(queue.events.back() == "c");
  queue.held.clear();
  CHECK(queue.slots->in_use() == 0);
}

TEST_CASE("upstream: a slot that is granted to somebody who was just canceled is not lost", "[upstream]") {
  Queue queue(1);
  asio::cancellation_signal stop;
  queue.ask("a");
  queue.ask("b", hours(1), stop.slot());
  queue.settle();
  queue.release(0);
  stop.emit(asio::cancellation_type::terminal);
  queue.settle();
  queue.held.clear();
  CHECK(queue.slots->in_use() == 0);
}

TEST_CASE("upstream: who leaves its place in the queue is let go at once, and is granted nothing",
          "[upstream]") {
  std::vector<std::string> events;
  Slots::Place place;
  asio::io_context context;
  auto slots = std::make_shared<Slots>(context.get_executor());
  std::vector<Slots::Slot> held;
  const auto take = [&](std::string name, Slots::Place* at) -> asio::awaitable<void> {
    auto slot = co_await slots->take(1, hours(1), at);
    events.push_back(name + (slot ? "" : ": " + std::string(to_string(slot.error().fault))));
    if (slot) held.push_back(std::move(*slot));
  };
  const auto settle = [&] {
    context.restart();
    context.poll();
  };
  asio::co_spawn(context, take("a", nullptr), [](auto) {});
  asio::co_spawn(context, take("b", &place), [](auto) {});
  asio::co_spawn(context, take("c", nullptr), [](auto) {});
  settle();
  place.leave();
  settle();
  CHECK(events == Events{"a", "b: canceled"});
  held.clear();
  settle();
  CHECK(events.back() == "c");
  place.leave();  // over already: without effect
  held.clear();
  CHECK(slots->in_use() == 0);
  asio::co_spawn(context, take("late", &place), [](auto) {});
  settle();
  CHECK(events.back() == "late: canceled");
}

TEST_CASE("upstream: a smaller limit after a reload holds for the next ones", "[upstream]") {
  asio::io_context context;
  auto slots = std::make_shared<Slots>(context.get_executor());
  std::vector<Slots::Slot> held;
  const auto take = [&](unsigned limit) -> asio::awaitable<void> {
    if (auto slot = co_await slots->take(limit, milliseconds(1))) held.push_back(std::move(*slot));
  };
  for (const unsigned limit : {3U, 3U, 3U, 1U}) asio::co_spawn(context, take(limit), [](auto) {});
  context.run();
  CHECK(held.size() == 3);
}

TEST_CASE("upstream: moving a slot keeps one owner", "[upstream]") {
  Queue queue(2);
  queue.ask("a");
  queue.ask("b");
  queue.settle();
  queue.held[0] = std::move(queue.held[1]);  // a's goes back
  CHECK(queue.slots->in_use() == 1);
  queue.held.clear();
  CHECK(queue.slots->in_use() == 0);
}

TEST_CASE("upstream: waiting coroutines that die with their context leave no trace in the queue",
          "[upstream]") {
  // At shut-down, frames go in any order: the holder of a slot may be the last.
  std::optional<Slots::Slot> held;
  {
    Queue queue(1);
    queue.ask("a");
    queue.settle();
    REQUIRE(queue.held.size() == 1);
    held = std::move(queue.held.front());
    queue.ask("b");
    queue.settle();
  }
  held.reset();
  SUCCEED("no use of a dead waiter (as the sanitizer would tell)");
}

}  // namespace homeward::upstream::test
