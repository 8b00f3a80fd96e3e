// kill -9 before each step that touches the disk, one after the other: what was promised is there, whole,
// and nothing is there by half. safety.md 5, 6. (What a power cut would lose on top, the sync before each
// answer covers: see the order of steps in "what is promised is synced before".)
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <set>

#include "tests/support/faulty_files.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/unit/spool/fixture.hpp"

namespace {

using namespace std::chrono_literals;
using homeward::Result;
namespace fs = std::filesystem;
namespace net = homeward::net;
namespace spool = homeward::spool;
using homeward::test::content_of;
using homeward::test::DiskFault;
using homeward::test::entry_of;
using homeward::test::FaultPlan;
using homeward::test::FaultyFiles;
using homeward::test::FaultyVfs;
using homeward::test::recipient;
using homeward::test::Running;
using homeward::test::ScratchFolder;
using spool::State;
using Status = spool::Recipient::Status;

constexpr std::size_t kSmall = 5'000;
constexpr std::size_t kLarge = 1'500'000;  // a draft that became a file

spool::Settled delivered() {
  return {{recipient("bob@y.example", Status::delivered)}, 0ms, "ok"};
}
spool::Settled deferred() {
  return {{recipient("bob@y.example")}, 99h, "greylisted"};
}

/// What the child does; each step is a promise once it has returned.
Result<void> do_step(Running& running, int step) {
  const auto applied = [&](std::string id, spool::Event event) -> Result<void> {
    auto entry = running.await(running->apply(std::move(id), std::move(event)));
    if (!entry) return std::unexpected(std::move(entry.error()));
    return {};
  };
  switch (step) {
    case 1:
      return running.store(entry_of("small"), content_of(kSmall, 1));
    case 2:
      return running.store(entry_of("large", State::pending), content_of(kLarge, 2));
    case 3:
      return applied("large", spool::Released{});
    case 4:
      return applied("small", spool::DotDue{});
    case 5:
      return applied("small", delivered());
    case 6:
      return applied("large", spool::DotDue{});
    case 7:
      return applied("large", deferred());
    default:
      return applied("large", spool::Dropped{"by a person"});
  }
}
constexpr int kSteps = 8;

/// The child: opens a spool in `folder` with a plan, does all steps and tells each that was promised.
[[noreturn]] void live(const fs::path& folder, std::uint64_t kill_at, int tell) {
  const auto plan = std::make_shared<FaultPlan>();
  if (kill_at > 0) plan->arm(std::to_string(kill_at), DiskFault::kill);
  const FaultyVfs vfs(plan);
  bool good = false;
  {
    Running running(folder);
    running.options.vfs = vfs.name();
    running.options.files = std::make_shared<FaultyFiles>(plan);
    good = running.try_open().has_value();
    for (int step = 1; good && step <= kSteps; ++step) {
      good = do_step(running, step).has_value() && ::write(tell, "x", 1) == 1;
    }
  }
  ::_exit(good ? 0 : 1);
}

struct Life {
  bool killed = false;
  int promised = 0;  ///< steps that returned
};

Life run_child(const fs::path& folder, std::uint64_t kill_at) {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  const auto child = ::fork();
  if (child == 0) live(folder, kill_at, ends[1]);
  ::close(ends[1]);
  Life life;
  char mark = 0;
  while (::read(ends[0], &mark, 1) == 1) ++life.promised;
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  life.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  REQUIRE((life.killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)));
  return life;
}

/// Holds what is there after a restart against what was promised: step p returned, p + 1 may have happened.
void check(Running& running, const fs::path& folder, int p) {
  const auto small = running.await(running->load("small"));
  const auto large = running.await(running->load("large"));
  if (p < 0 + 1) {
    // Not promised: absent or whole.
    if (small) CHECK(small->state == State::queued);
  } else if (p < 4) {
    REQUIRE(small);
    CHECK((small->state == State::queued || (p == 3 && small->state == State::reply_unknown)));
  } else if (p == 4) {
    // The last dot was due: it is doubted, or its outcome was written.
    if (small) CHECK(small->state == State::reply_unknown);
    if (small) CHECK(small->possible_copy);
  } else {
    CHECK_FALSE(small);
  }
  if (small) CHECK(running.content("small") == content_of(kSmall, 1));

  if (p < 2) {
    CHECK_FALSE(large);  // pending at most: dropped
  } else if (p == 2) {
    if (large) CHECK(large->state == State::queued);
  } else if (p < 6) {
    REQUIRE(large);
    CHECK((large->state == State::queued || (p == 5 && large->state == State::reply_unknown)));
  } else if (p == 6) {
    REQUIRE(large);
    CHECK((large->state == State::reply_unknown || large->state == State::deferred));
  } else if (p == 7) {
    if (large) CHECK(large->state == State::deferred);
  } else {
    CHECK_FALSE(large);
  }
  if (large) CHECK(running.content("large") == content_of(kLarge, 2));
  std::set<std::string> files;
  for (const auto& file : fs::directory_iterator(folder / "content")) files.insert(file.path().filename());
  CHECK(files == (large ? std::set<std::string>{"large"} : std::set<std::string>{}));
  CHECK(running.facts().troubles.empty());
}

}  // namespace

TEST_CASE("spool: killed before any step, it holds what it promised and nothing by half", "[spool][crash]") {
  std::uint64_t kills = 0;
  for (std::uint64_t step = 1;; ++step) {
    CAPTURE(step);
    const ScratchFolder folder(ScratchFolder::On::quick);
    const auto life = run_child(folder.path() / "s", step);
    CAPTURE(life.promised);
    if (!life.killed) {
      CHECK(life.promised == kSteps);
      break;
    }
    ++kills;
    Running running(folder.path() / "s");
    running.open();
    check(running, folder.path() / "s", life.promised);
    // And it works.
    REQUIRE(running.store(entry_of("next"), "x"));
  }
  CHECK(kills > 40);
}

TEST_CASE("spool: killed before any step of a restart, the next one is as good", "[spool][crash]") {
  const ScratchFolder before(ScratchFolder::On::quick);
  {
    Running running(before.path());
    running.open();
    for (int step = 1; step <= 6; ++step) REQUIRE(do_step(running, step));
    REQUIRE(running.store(entry_of("pending", State::pending), content_of(100'000)));
    // As after a kill: a copy of the folder while it is open.
    fs::copy(before.path(), before.path().string() + "-copy", fs::copy_options::recursive);
  }
  const fs::path copy = before.path().string() + "-copy";
  std::uint64_t kills = 0;
  for (std::uint64_t step = 1;; ++step) {
    CAPTURE(step);
    const ScratchFolder folder(ScratchFolder::On::quick);
    fs::copy(copy, folder.path(), fs::copy_options::recursive);
    const auto child = ::fork();
    if (child == 0) {
      const auto plan = std::make_shared<FaultPlan>();
      plan->arm(std::to_string(step), DiskFault::kill);
      const FaultyVfs vfs(plan);
      Running running(folder.path());
      running.options.vfs = vfs.name();
      running.options.files = std::make_shared<FaultyFiles>(plan);
      const bool good = running.try_open().has_value();
      running.close();
      ::_exit(good ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFEXITED(status)) {
      CHECK(WEXITSTATUS(status) == 0);
      break;
    }
    ++kills;
    Running running(folder.path());
    running.open();
    const auto large = running.must(running->load("large"));
    CHECK(large.state == State::reply_unknown);
    CHECK(large.attempts == 1);
    CHECK(running.content("large") == content_of(kLarge, 2));
    CHECK_FALSE(running.await(running->load("pending")));
    CHECK_FALSE(fs::exists(folder.path() / "content" / "pending"));
  }
  fs::remove_all(copy);
  CHECK(kills > 5);
}

TEST_CASE("spool: what is promised is synced before: content, its name, then the row", "[spool][crash]") {
  const ScratchFolder folder(ScratchFolder::On::quick);
  const auto record = folder.path() / "steps";
  const auto plan = std::make_shared<FaultPlan>();
  const FaultyVfs vfs(plan);
  Running running(folder.path() / "s");
  running.options.vfs = vfs.name();
  running.options.files = std::make_shared<FaultyFiles>(plan);
  running.open();
  REQUIRE(running.store(entry_of("first"), "x"));  // whatever the first message costs
  REQUIRE(plan->record_to(record));
  REQUIRE(running.store(entry_of("large"), content_of(kLarge)));
  std::string steps;
  std::string last;
  {
    std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(record.c_str(), "r"), std::fclose);
    char line[64];
    while (std::fgets(line, sizeof line, file.get()) != nullptr) {
      if (last != line) steps += line;
      last = line;
    }
  }
  CHECK(steps == "file.create\nfile.write\nfile.sync\nfile.link\nfolder.sync\nwal.write\nwal.sync\n");
}
