// Supervisor, Watchdog and Offload: what runs, what stops it, and what blocks elsewhere.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

#include "proxy/net/deadline.hpp"
#include "proxy/net/offload.hpp"
#include "proxy/net/supervisor.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"

namespace homeward::net::test {
namespace {

using homeward::test::await;
using std::chrono::hours;
using std::chrono::milliseconds;

asio::awaitable<void> sleep_for(asio::any_io_executor executor, milliseconds time) {
  asio::steady_timer timer(executor, time);
  (void)co_await timer.async_wait(kNoThrow);
}

asio::awaitable<void> fail_with(std::exception_ptr what) {
  std::rethrow_exception(std::move(what));
  co_return;
}

/// What goes to standard error while it lives.
class CapturedErrors {
 public:
  CapturedErrors() : file_(std::tmpfile()), before_(dup(STDERR_FILENO)) {
    std::fflush(stderr);
    dup2(fileno(file_), STDERR_FILENO);
  }
  CapturedErrors(const CapturedErrors&) = delete;
  CapturedErrors& operator=(const CapturedErrors&) = delete;
  ~CapturedErrors() {
    dup2(before_, STDERR_FILENO);
    close(before_);
    std::fclose(file_);
  }
  std::string text() {
    std::fflush(stderr);
    std::string out(8192, ' ');
    const auto size = pread(fileno(file_), out.data(), out.size(), 0);
    out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return out;
  }

 private:
  std::FILE* file_;
  int before_;
};

/// Counts itself out when its frame goes, however that happens.
struct Departure {
  int& departed;
  ~Departure() { ++departed; }
};

asio::awaitable<void> sleep_and_depart(asio::any_io_executor executor, milliseconds time, int& departed) {
  const Departure departure{departed};
  co_await sleep_for(std::move(executor), time);
}

}  // namespace

TEST_CASE("net: a supervisor counts its tasks until they end", "[net]") {
  int departed = 0;
  asio::io_context context;
  Supervisor supervisor(context.get_executor());
  supervisor.spawn("one", sleep_and_depart(context.get_executor(), milliseconds(1), departed));
  supervisor.spawn("two", sleep_and_depart(context.get_executor(), milliseconds(1), departed));
  CHECK(supervisor.living() == 2);
  CHECK(await(context, supervisor.drained(std::chrono::seconds(10))));
  CHECK(supervisor.living() == 0);
  CHECK(departed == 2);
}

TEST_CASE("net: what escapes from a task is logged with its name, and ends that task alone", "[net]") {
  CapturedErrors errors;
  int departed = 0;
  asio::io_context context;
  Supervisor supervisor(context.get_executor());
  supervisor.spawn("throws", fail_with(std::make_exception_ptr(std::runtime_error("broken"))));
  supervisor.spawn("throws an int", fail_with(std::make_exception_ptr(42)));
  supervisor.spawn("lives on", sleep_and_depart(context.get_executor(), milliseconds(1), departed));
  CHECK(await(context, supervisor.drained(std::chrono::seconds(10))));
  CHECK(departed == 1);
  const auto logged = errors.text();
  CAPTURE(logged);
  CHECK(logged.find("task.failed task=throws cause=broken") != std::string::npos);
  CHECK(logged.find("task.failed task=\"throws an int\"") != std::string::npos);
  CHECK(logged.find("lives on") == std::string::npos);
}

TEST_CASE("net: a canceled task is no fault that would be logged", "[net]") {
  CapturedErrors errors;
  asio::io_context context;
  Supervisor supervisor(context.get_executor());
  const auto sleeper = [&]() -> asio::awaitable<void> {
    co_await sleep_for(context.get_executor(), hours(1));
    co_await sleep_for(context.get_executor(), hours(1));  // throws: this task is canceled
  };
  supervisor.spawn("sleeper", sleeper());
  await(context, supervisor.drained(milliseconds(1)));
  supervisor.cancel_all();
  CHECK(await(context, supervisor.drained(std::chrono::seconds(10))));
  CHECK(errors.text().empty());
}

TEST_CASE("net: drained gives up when its patience is over", "[net]") {
  int departed = 0;
  asio::io_context context;
  Supervisor supervisor(context.get_executor());
  supervisor.spawn("sleeps", sleep_and_depart(context.get_executor(), hours(1), departed));
  CHECK_FALSE(await(context, supervisor.drained(milliseconds(5))));
  CHECK(supervisor.living() == 1);
  CHECK(departed == 0);
}

TEST_CASE("net: cancel_all wakes every task, and none is left", "[net]") {
  int departed = 0;
  asio::io_context context;
  Supervisor supervisor(context.get_executor());
  for (int i = 0; i < 50; ++i)
    supervisor.spawn("sleeps", sleep_and_depart(context.get_executor(), hours(1), departed));
  await(context, supervisor.drained(milliseconds(1)));
  supervisor.cancel_all();
  CHECK(await(context, supervisor.drained(std::chrono::seconds(10))));
  CHECK(departed == 50);
}

TEST_CASE("net: an empty supervisor is drained at once, and canceling it is nothing", "[net]") {
  asio::io_context context;
  Supervisor supervisor(context.get_executor());
  supervisor.cancel_all();
  CHECK(await(context, supervisor.drained(milliseconds(0))));
}

TEST_CASE("net: tasks may spawn tasks, also while all are canceled", "[net]") {
  int departed = 0;
  asio::io_context context;
  Supervisor supervisor(context.get_executor());
  const auto parent = [&]() -> asio::awaitable<void> {
    co_await sleep_for(context.get_executor(), hours(1));
    supervisor.spawn("child", sleep_and_depart(context.get_executor(), milliseconds(1), departed));
  };
  supervisor.spawn("parent", parent());
  await(context, supervisor.drained(milliseconds(1)));
  supervisor.cancel_all();
  CHECK(await(context, supervisor.drained(std::chrono::seconds(10))));
  CHECK(departed == 1);
}

TEST_CASE("net: a watchdog bites once, when its time is over", "[net]") {
  asio::io_context context;
  int bites = 0;
  Watchdog watchdog(context.get_executor(), [&] { ++bites; });
  CHECK_FALSE(watchdog.expired());
  watchdog.arm(milliseconds(5));
  context.run();
  CHECK(bites == 1);
  CHECK(watchdog.expired());
  watchdog.arm(hours(1));
  CHECK_FALSE(watchdog.expired());
}

TEST_CASE("net: a deadline that moves on does not bite before", "[net]") {
  asio::io_context context;
  const auto begun = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point bitten;
  Watchdog watchdog(context.get_executor(), [&] { bitten = std::chrono::steady_clock::now(); });
  watchdog.arm(milliseconds(5));
  watchdog.arm(milliseconds(60));
  context.run();
  CHECK(watchdog.expired());
  CHECK(bitten - begun >= milliseconds(60));
}

TEST_CASE("net: a deadline that is drawn nearer bites then", "[net]") {
  asio::io_context context;
  int bites = 0;
  Watchdog watchdog(context.get_executor(), [&] { ++bites; });
  watchdog.arm(hours(1));
  watchdog.arm(milliseconds(5));
  context.run_for(std::chrono::seconds(10));
  CHECK(bites == 1);
}

TEST_CASE("net: a disarmed watchdog does not bite, and ticks no more", "[net]") {
  asio::io_context context;
  int bites = 0;
  Watchdog watchdog(context.get_executor(), [&] { ++bites; });
  watchdog.arm(milliseconds(5));
  watchdog.disarm();
  const auto handlers = context.run();  // ends: nothing is pending behind the one tick
  CHECK(handlers <= 1);
  CHECK(bites == 0);
  CHECK_FALSE(watchdog.expired());
  watchdog.arm(milliseconds(1));
  context.restart();
  context.run();
  CHECK(bites == 1);
}

TEST_CASE("net: a watchdog may go while its tick is pending, or bites", "[net]") {
  asio::io_context context;
  int bites = 0;
  auto watchdog = std::make_unique<Watchdog>(context.get_executor(), [&] { ++bites; });
  watchdog->arm(milliseconds(1));
  watchdog.reset();
  context.run();
  CHECK(bites == 0);
  context.restart();
  watchdog = std::make_unique<Watchdog>(context.get_executor(), [&] {
    ++bites;
    watchdog.reset();
  });
  watchdog->arm(milliseconds(1));
  context.run();
  CHECK(bites == 1);
}

TEST_CASE("net: offloaded work runs on another thread and its answer comes back to ours", "[net]") {
  asio::io_context context;
  Offload offload(2);
  const auto ours = std::this_thread::get_id();
  std::thread::id resumed;
  const auto ask = [&]() -> asio::awaitable<std::thread::id> {
    const auto theirs = co_await offload.run<std::thread::id>([] { return std::this_thread::get_id(); });
    resumed = std::this_thread::get_id();
    co_return theirs;
  };
  CHECK(await(context, ask()) != ours);
  CHECK(resumed == ours);
}

TEST_CASE("net: what offloaded work throws reaches the one who asked", "[net]") {
  asio::io_context context;
  Offload offload(1);
  CHECK_THROWS_AS(await(context, offload.run<int>([]() -> int { throw std::runtime_error("no"); })),
                  std::runtime_error);
}

TEST_CASE("net: offloaded work of many runs side by side, and all of it is done before the pool goes",
          "[net]") {
  asio::io_context context;
  std::atomic<int> done = 0;
  int answers = 0;
  {
    Offload offload(4);
    Supervisor supervisor(context.get_executor());
    const auto ask = [&]() -> asio::awaitable<void> {
      answers += co_await offload.run<int>([&] {
        ++done;
        return 1;
      });
    };
    for (int i = 0; i < 100; ++i) supervisor.spawn("ask", ask());
    CHECK(await(context, supervisor.drained(std::chrono::seconds(20))));
  }
  CHECK(done == 100);
  CHECK(answers == 100);
}

}  // namespace homeward::net::test
