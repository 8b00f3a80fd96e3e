// A full, failing or read-only disk at each step: an error in words, nothing by half, and the spool works
// again by itself once the disk does.
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

/// A spool whose disk fails as planned.
struct Faulty {
  std::shared_ptr<FaultPlan> plan = std::make_shared<FaultPlan>();
  FaultyVfs vfs{plan};
  std::shared_ptr<FaultyFiles> files = std::make_shared<FaultyFiles>(plan);
  Running running;

  explicit Faulty(const fs::path& folder) : running(folder) {
    running.options.vfs = vfs.name();
    running.options.files = files;
  }
  /// The `n`-th step from now on, counted from 1.
  void arm(std::uint64_t n, DiskFault fault, bool and_later) {
    REQUIRE(plan->arm(std::to_string(plan->total() + n) + (and_later ? "+" : ""), fault));
  }
};

std::string state_of(Running& running, const std::string& id) {
  const auto entry = running.await(running->load(id));
  if (!entry) return entry.error().reply.code == 550 ? "none" : "error";
  return std::string(to_string(entry->state));
}

/// Store, release, send, settle, for a message of `size` octets; after each, what was done must be what was
/// said. The disk is mended after a failure. Returns how many failed.
int walk(Faulty& faulty, std::size_t size) {
  auto& running = faulty.running;
  struct Step {
    std::optional<spool::Event> event;  ///< none: it is stored
    const char* before;
    const char* after;
  };
  const Step steps[] = {
      {std::nullopt, "none", "pending"},
      {spool::Released{}, "pending", "queued"},
      {spool::DotDue{}, "queued", "sending"},
      {spool::Settled{{recipient("bob@y.example", Status::delivered)}, 0ms, "ok"}, "sending", "none"},
  };
  int failures = 0;
  for (const auto& step : steps) {
    for (int attempt = 0;; ++attempt) {
      REQUIRE(attempt < 3);
      CAPTURE(step.before, step.after, attempt);
      Result<void> done;
      if (!step.event) {
        done = running.store(entry_of("m", State::pending), content_of(size));
      } else if (auto applied = running.await(running->apply("m", *step.event)); !applied) {
        done = std::unexpected(std::move(applied.error()));
      }
      CHECK(state_of(running, "m") == (done ? step.after : step.before));
      if (done) break;
      ++failures;
      faulty.plan->disarm();
      CHECK(done.error().reply.code == 452);
      CHECK(done.error().reply.enhanced == homeward::EnhancedCode{4, 3, 1});
    }
    if (std::string_view(step.after) != "none") CHECK(running.content("m") == content_of(size));
  }
  return failures;
}

}  // namespace

TEST_CASE("spool: a fault at any one step is told, and the next try works", "[spool][faults]") {
  struct Case {
    DiskFault fault;
    std::size_t size;
    bool lasts;  ///< until it was told; else one call alone fails
    int least;   ///< failures
  };
  // A transaction is tried once more by itself: one failed call of the database is nobody's matter.
  const auto one =
      GENERATE(Case{DiskFault::enospc, 5'000, true, 4}, Case{DiskFault::eio, 5'000, true, 4},
               Case{DiskFault::readonly, 5'000, true, 4}, Case{DiskFault::eio, 5'000, false, 0},
               Case{DiskFault::enospc, 100'000, true, 8}, Case{DiskFault::eio, 100'000, false, 4},
               Case{DiskFault::enospc, 1'500'000, true, 8});
  CAPTURE(static_cast<int>(one.fault), one.size, one.lasts);
  const ScratchFolder folder(ScratchFolder::On::quick);
  Faulty faulty(folder.path());
  faulty.running.open();
  int failures = 0;
  for (std::uint64_t step = 1;; ++step) {
    CAPTURE(step);
    faulty.arm(step, one.fault, one.lasts);
    failures += walk(faulty, one.size);
    if (!faulty.plan->struck()) break;
    faulty.plan->disarm();
  }
  faulty.plan->disarm();
  CHECK(failures >= one.least);
  faulty.running.reopen();
  CHECK(faulty.running.must(faulty.running->summaries()).empty());
  CHECK(fs::is_empty(folder.path() / "content"));
}

TEST_CASE("spool: a disk that stays full refuses what is new, and what is there can be read",
          "[spool][faults]") {
  const auto fault = GENERATE(DiskFault::enospc, DiskFault::eio, DiskFault::readonly);
  CAPTURE(static_cast<int>(fault));
  const ScratchFolder folder(ScratchFolder::On::quick);
  Faulty faulty(folder.path());
  auto& running = faulty.running;
  running.open();
  std::vector<std::string> told;
  running->on_trouble([&](std::string_view words) { told.emplace_back(words); });
  REQUIRE(running.store(entry_of("there"), content_of(100'000)));
  running->note({"there", running.clock.wall(), "message.spooled", "before"});
  faulty.arm(1, fault, true);
  for (const std::size_t size : {100U, 100'000U, 1'500'000U}) {
    const auto stored = running.store(entry_of("new" + std::to_string(size)), content_of(size));
    REQUIRE_FALSE(stored);
    CHECK(stored.error().reply.code == 452);
    CHECK(running.content("there") == content_of(100'000));
  }
  CHECK(running.facts().waiting == 1);
  CHECK(running.facts().troubles.size() == 1);
  REQUIRE_FALSE(told.empty());
  CHECK_FALSE(told.back().empty());
  faulty.plan->disarm();
  REQUIRE(running.store(entry_of("after"), content_of(100'000)));
  running.must(running->summaries());
  CHECK(told.back().empty());
  CHECK(running.facts().troubles.empty());
  CHECK(running.must(running->trace("there")).size() == 1);
}

TEST_CASE("spool: a fault at any step of a start is told in words, and the next start works",
          "[spool][faults]") {
  const auto fault = GENERATE(DiskFault::enospc, DiskFault::eio);
  const ScratchFolder folder(ScratchFolder::On::quick);
  Faulty faulty(folder.path());
  auto& running = faulty.running;
  int failures = 0;
  for (std::uint64_t step = 1;; ++step) {
    CAPTURE(step);
    running.options.directory = folder.path() / std::to_string(step);  // each time a new one
    faulty.arm(step, fault, false);
    const auto opened = running.try_open();
    if (!faulty.plan->struck()) break;
    faulty.plan->disarm();
    if (!opened) {
      ++failures;
      CHECK_FALSE(opened.error().reply.text.empty());
      CHECK(running.try_open().has_value());
    }
    CHECK(running.facts().troubles.empty());
    REQUIRE(running.store(entry_of("m"), content_of(100'000)));
    running.close();
    running.open();
    CHECK(running.content("m") == content_of(100'000));
    running.close();
  }
  CHECK(failures > 5);
}

TEST_CASE("spool: short writes, and filesystems without unnamed files, are no faults", "[spool][faults]") {
  const ScratchFolder folder(ScratchFolder::On::quick);
  Faulty faulty(folder.path());
  faulty.files->longest_write = 1'000;
  faulty.files->has_unnamed = false;
  auto& running = faulty.running;
  running.open();
  REQUIRE(running.store(entry_of("large"), content_of(2'000'000)));
  CHECK(running.content("large") == content_of(2'000'000));
  {
    auto draft = running->draft();
    running.must(draft.append(content_of(2'000'000)));
    int drafts = 0;
    for (const auto& file : fs::directory_iterator(folder.path() / "content")) {
      drafts += file.path().filename().string().starts_with(".draft-") ? 1 : 0;
    }
    CHECK(drafts == 1);
  }
  int files = 0;
  for ([[maybe_unused]] const auto& file : fs::directory_iterator(folder.path() / "content")) ++files;
  CHECK(files == 1);
  running.close();
  std::fclose(std::fopen((folder.path() / "content" / ".draft-left").c_str(), "w"));
  running.open();
  CHECK_FALSE(fs::exists(folder.path() / "content" / ".draft-left"));
  CHECK(running.content("large") == content_of(2'000'000));
}

TEST_CASE("spool: room is refused below the reserve, in words, and by the number of files",
          "[spool][faults]") {
  constexpr std::uint64_t kMiB = 1024UL * 1024;
  const auto disk = [](std::uint64_t total, std::uint64_t free, std::uint64_t files,
                       std::uint64_t free_files) {
    struct statvfs room{};
    room.f_frsize = 4096;
    room.f_blocks = total * kMiB / 4096;
    room.f_bavail = free * kMiB / 4096;
    room.f_files = files;
    room.f_favail = free_files;
    return room;
  };
  struct Case {
    const char* what;
    struct statvfs room;
    std::uint64_t octets;
    bool fits;
  };
  const Case cases[] = {
      {"plenty", disk(100'000, 50'000, 1000, 500), 50 * kMiB, true},
      {"just", disk(1'000, 82, 1000, 500), 50 * kMiB, true},
      {"one octet too many", disk(1'000, 82, 1000, 500), 50 * kMiB + 1, false},
      {"below the reserve", disk(1'000, 3, 1000, 500), 0, false},
      {"a large disk keeps 256 MiB", disk(1'000'000, 255, 1000, 500), 0, false},
      {"a small disk keeps a tenth", disk(20, 3, 1000, 500), kMiB, true},
      {"no files left", disk(100'000, 50'000, 1000, 10), 0, false},
      {"no table of files", disk(100'000, 50'000, 0, 0), 0, true},
      {"a size that nobody has", disk(100'000, 50'000, 1000, 500), UINT64_MAX, false},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const ScratchFolder folder(ScratchFolder::On::quick);
    Faulty faulty(folder.path());
    faulty.files->room_is = one.room;
    faulty.running.open();
    const auto room = faulty.running->has_room(one.octets);
    CHECK(room.has_value() == one.fits);
    if (!room) CHECK(room.error().reply.code == 452);
  }
  const ScratchFolder folder(ScratchFolder::On::quick);
  Faulty faulty(folder.path());
  faulty.files->room_is = disk(1'000, 3, 1000, 500);
  faulty.running.open();
  CHECK(faulty.running->has_room(0).error().reply.text ==
        "no room on the disk of " + folder.path().string() +
            ": 3 MiB free, of which 32 MiB are kept for what is under way");
  CHECK(faulty.running.facts().troubles.size() == 1);
}
