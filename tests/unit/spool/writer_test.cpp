// Many at once: shared commits, trace lines that ride along, callers that go away.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tests/support/faulty_files.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/unit/spool/fixture.hpp"

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace net = homeward::net;
namespace asio = net::asio;
namespace spool = homeward::spool;
using homeward::Result;
using homeward::test::content_of;
using homeward::test::entry_of;
using homeward::test::FaultPlan;
using homeward::test::FaultyVfs;
using homeward::test::Running;
using homeward::test::ScratchFolder;

asio::awaitable<void> store_and_count(Running& running, std::string id, std::string content, int& stored) {
  const auto done = co_await running.store_all(entry_of(std::move(id)), std::move(content));
  if (done) ++stored;
}

asio::awaitable<Result<void>> sleep_for(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(net::kNoThrow);
  co_return Result<void>{};
}

void run_until(Running& running, const bool& over) {
  running.context.restart();
  while (!over && running.context.run_one_for(10s) > 0) {
  }
  REQUIRE(over);
}

}  // namespace

TEST_CASE("spool: messages that come together share their syncs", "[spool]") {
  constexpr int kMessages = 50;
  const ScratchFolder folder;
  const auto plan = std::make_shared<FaultPlan>();
  const FaultyVfs vfs(plan);
  Running running(folder.path());
  running.options.vfs = vfs.name();
  running.open();
  REQUIRE(running.store(entry_of("first"), "x"));
  const auto before = plan->count("wal.sync");
  int stored = 0;
  for (int i = 0; i < kMessages; ++i) {
    asio::co_spawn(running.context,
                   store_and_count(running, "m" + std::to_string(i), content_of(4096), stored),
                   asio::detached);
  }
  running.context.restart();
  running.context.run();
  CHECK(stored == kMessages);
  CHECK(plan->count("wal.sync") - before <= 5);
  CHECK(plan->count("wal.sync") - before >= 1);
  CHECK(plan->count("db.sync") <= 5);
  running.reopen();
  CHECK(running.must(running->summaries()).size() == kMessages + 1);
}

TEST_CASE("spool: one message costs one sync and a handful of pages", "[spool]") {
  const ScratchFolder folder;
  const auto plan = std::make_shared<FaultPlan>();
  const FaultyVfs vfs(plan);
  Running running(folder.path());
  running.options.vfs = vfs.name();
  running.open();
  for (int i = 0; i < 5; ++i) REQUIRE(running.store(entry_of("w" + std::to_string(i)), content_of(4000)));
  const auto syncs = plan->count("wal.sync");
  const auto writes = plan->count("wal.write");
  constexpr int kMessages = 40;
  for (int i = 0; i < kMessages; ++i)
    REQUIRE(running.store(entry_of("m" + std::to_string(i)), content_of(4000)));
  CHECK(plan->count("wal.sync") - syncs == kMessages);
  // A page is two writes, its head and itself.
  CHECK((plan->count("wal.write") - writes) / 2 <= 6 * kMessages);
  WARN("pages per message: " << static_cast<double>(plan->count("wal.write") - writes) / 2 / kMessages);
}

TEST_CASE("spool: one of many that can't be stored spoils no other", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  int stored = 0;
  for (const auto* id : {"a", "b", "a", "c", "", "d"}) {
    asio::co_spawn(running.context, store_and_count(running, id, "x", stored), asio::detached);
  }
  running.context.restart();
  running.context.run();
  CHECK(stored == 4);
  running.reopen();
  CHECK(running.must(running->summaries()).size() == 4);
}

TEST_CASE("spool: trace lines are written within a second or so by themselves, in their order", "[spool]") {
  const ScratchFolder folder;
  const auto plan = std::make_shared<FaultPlan>();
  const FaultyVfs vfs(plan);
  Running running(folder.path());
  running.options.vfs = vfs.name();
  running.open();
  const auto before = plan->count("wal.sync");
  for (int i = 0; i < 100; ++i) running->note({"m", running.clock.wall(), "e" + std::to_string(i), "x"});
  const auto due = std::chrono::steady_clock::now() + 10s;
  while (plan->count("wal.sync") == before && std::chrono::steady_clock::now() < due) {
    CHECK(running.await(sleep_for(50ms)));
  }
  CHECK(plan->count("wal.sync") == before + 1);
  const auto lines = running.must(running->trace("m"));
  REQUIRE(lines.size() == 100);
  CHECK(lines[0].event == "e0");
  CHECK(lines[99].event == "e99");
  const auto steps = plan->total();
  CHECK(running.await(sleep_for(1200ms)));
  CHECK(plan->total() == steps);  // and nothing ticks
}

TEST_CASE("spool: trace lines are kept as long as was said, by witnessed time", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.options.keep_trace = 24h;
  running.open();
  running->note({"old", running.clock.wall(), "message.spooled", "x"});
  REQUIRE(running.store(entry_of("a"), "x"));
  running.clock.wall_now += std::chrono::hours{24 * 3650};  // a clock that jumps prunes nothing
  running.clock.boot_now += 23h;
  running->note({"new", running.clock.wall(), "message.spooled", "x"});
  REQUIRE(running.store(entry_of("b"), "x"));
  CHECK(running.must(running->trace("old")).size() == 1);
  running.clock.pass(2h);
  REQUIRE(running.store(entry_of("c"), "x"));
  REQUIRE(running.store(entry_of("d"), "x"));
  CHECK(running.must(running->trace("old")).empty());
  CHECK(running.must(running->trace("new")).size() == 1);
  running->set_keep_trace(1h);
  running.clock.pass(1h);
  REQUIRE(running.store(entry_of("e"), "x"));
  CHECK(running.must(running->trace("new")).empty());
}

TEST_CASE("spool: who is canceled while he waits is let go; what he asked for is done", "[spool]") {
  for (const std::size_t size : {10U, 100'000U, 1'500'000U}) {
    CAPTURE(size);
    const ScratchFolder folder;
    Running running(folder.path());
    running.open();
    asio::cancellation_signal stop;
    bool over = false;
    asio::co_spawn(
        running.context, running.store_all(entry_of("a"), content_of(size)),
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, Result<void>) { over = true; }));
    running.context.restart();
    running.context.poll_one();  // it has begun
    stop.emit(asio::cancellation_type::terminal);
    run_until(running, over);
    running.must(running->summaries());  // behind it in the queue
    const auto entry = running.await(running->load("a"));
    if (size == 10U) CHECK(entry.has_value());
    if (entry) CHECK(running.content("a") == content_of(size));
    running.reopen();
    CHECK(running.await(running->load("a")).has_value() == entry.has_value());
    CHECK(fs::exists(folder.path() / "content" / "a") == (entry.has_value() && size > 10U));
  }
}

TEST_CASE("spool: what was asked for before the end is done at the end", "[spool]") {
  const ScratchFolder folder;
  {
    Running running(folder.path());
    running.open();
    int stored = 0;
    for (int i = 0; i < 20; ++i) {
      asio::co_spawn(running.context, store_and_count(running, "m" + std::to_string(i), "x", stored),
                     asio::detached);
    }
    running->note({"m1", running.clock.wall(), "message.spooled", "x"});
    running.context.restart();
    running.context.poll();  // all have asked; perhaps some were answered
    running.close();
  }  // the loop goes, with the coroutines that wait in it
  Running again(folder.path());
  again.open();
  CHECK(again.must(again->summaries()).size() == 20);
  CHECK(again.must(again->trace("m1")).size() == 1);
}

TEST_CASE("spool: answers that come after the spool is gone still find who waits", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  int stored = 0;
  for (int i = 0; i < 20; ++i) {
    asio::co_spawn(running.context, store_and_count(running, "m" + std::to_string(i), "x", stored),
                   asio::detached);
  }
  running.context.restart();
  running.context.poll();
  running.close();
  running.context.restart();
  running.context.run();
  CHECK(stored == 20);
}
