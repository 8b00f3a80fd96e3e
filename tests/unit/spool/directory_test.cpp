// Whose folder, whose files, and one owner at a time. safety.md 2.12, 2.13.
#include "proxy/spool/directory.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/spool/fixture.hpp"

namespace {

namespace fs = std::filesystem;
namespace spool = homeward::spool;
using homeward::test::content_of;
using homeward::test::entry_of;
using homeward::test::Running;
using homeward::test::ScratchFolder;

mode_t mode_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

/// The words with which a spool in `folder` does not open.
std::string refusal(Running& running) {
  const auto opened = running.try_open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().fault == homeward::Fault::local);
  return opened.error().reply.text;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("spool: its folder is made with its parents, and all in it is private", "[spool]") {
  const ScratchFolder scratch;
  const auto folder = scratch.path() / "var" / "lib" / "homeward";
  const auto mask = ::umask(0);
  Running running(folder.string() + "/");
  running.open();
  REQUIRE(running.store(entry_of("large"), content_of(100'000)));
  ::umask(mask);
  for (const auto& made : {folder, folder.parent_path(), folder / "content"}) CHECK(mode_of(made) == 0700);
  for (const auto* file : {"spool.sqlite", "spool.sqlite-wal", "spool.lock", "content/large"}) {
    CAPTURE(file);
    CHECK(mode_of(folder / file) == 0600);
  }
}

TEST_CASE("spool: what is ours and too open is closed", "[spool]") {
  const ScratchFolder scratch;
  Running running(scratch.path());
  running.open();
  running.close();
  ::chmod(scratch.path().c_str(), 0755);
  ::chmod((scratch.path() / "content").c_str(), 0777);
  ::chmod((scratch.path() / "spool.sqlite").c_str(), 0644);
  ::chmod((scratch.path() / "spool.lock").c_str(), 0666);
  running.open();
  CHECK(mode_of(scratch.path()) == 0700);
  CHECK(mode_of(scratch.path() / "content") == 0700);
  CHECK(mode_of(scratch.path() / "spool.sqlite") == 0600);
  CHECK(mode_of(scratch.path() / "spool.lock") == 0600);
}

TEST_CASE("spool: links in the place of its folder or files are refused with the cure", "[spool]") {
  const ScratchFolder scratch;
  fs::create_directory(scratch.path() / "real");
  const auto folder = scratch.path() / "s";
  struct Case {
    const char* name;  ///< in the folder; empty: itself
    const char* target;
    const char* words;
  };
  const Case cases[] = {
      {"", "real", "is a link"},
      {"content", "../real", "is a link"},
      {"spool.sqlite", "../real/x", "is a link"},
      {"spool.lock", "../real/x", "is a link"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.name);
    fs::remove_all(folder);
    if (*one.name != '\0') fs::create_directory(folder);
    fs::create_symlink(one.target, *one.name == '\0' ? folder : folder / one.name);
    Running running(folder.string() + "/");
    const auto words = refusal(running);
    CAPTURE(words);
    CHECK(holds(words, one.words));
    CHECK(fs::is_empty(scratch.path() / "real"));
  }
}

TEST_CASE("spool: what is no folder, or no file, or has two names, is refused", "[spool]") {
  const ScratchFolder scratch;
  const auto folder = scratch.path() / "s";
  std::ofstream(scratch.path() / "file") << "x";
  {
    Running running(scratch.path() / "file");
    CHECK(holds(refusal(running), "is no folder"));
  }
  {
    Running running(scratch.path() / "file" / "below");
    CHECK_FALSE(refusal(running).empty());
  }
  {
    fs::create_directories(folder / "spool.sqlite");
    Running running(folder);
    CHECK(holds(refusal(running), "is no file"));
    fs::remove(folder / "spool.sqlite");
  }
  {
    fs::create_hard_link(scratch.path() / "file", folder / "spool.sqlite");
    Running running(folder);
    CHECK(holds(refusal(running), "has 2 names"));
  }
  Running nowhere("");
  CHECK(holds(refusal(nowhere), "state_directory"));
}

TEST_CASE("spool: a folder of somebody else is refused with both names", "[spool]") {
  if (::geteuid() == 0) {
    const ScratchFolder scratch;
    REQUIRE(::chown(scratch.path().c_str(), 12345, 12345) == 0);
    Running running(scratch.path());
    CHECK(holds(refusal(running), "belongs to user 12345, but homeward runs as user 0: chown it"));
    return;
  }
  Running running("/");
  CHECK(holds(refusal(running), "belongs to user 0"));
}

TEST_CASE("spool: a second owner is refused and told who the first is", "[spool]") {
  const ScratchFolder scratch;
  Running first(scratch.path());
  first.open();
  Running second(scratch.path());
  const auto words = refusal(second);
  CHECK(words == "the spool " + scratch.path().string() + " is in use by process " +
                     std::to_string(::getpid()) +
                     ": stop that homeward first, or give this one its own state_directory");
  REQUIRE(first.store(entry_of("a"), "x"));  // and the first is undisturbed
  first.close();
  second.open();
  CHECK(second.content("a") == "x");
}

TEST_CASE("spool: a database elsewhere brings its own lock and contents, and its folder is not changed",
          "[spool]") {
  const ScratchFolder scratch;
  const auto elsewhere = scratch.path() / "elsewhere";
  fs::create_directory(elsewhere);
  ::chmod(elsewhere.c_str(), 0755);
  Running first(scratch.path() / "one");
  first.options.database = elsewhere / "mail.db";
  first.open();
  REQUIRE(first.store(entry_of("large"), content_of(100'000)));
  CHECK(mode_of(elsewhere) == 0755);
  CHECK(mode_of(scratch.path() / "one") == 0700);
  CHECK(fs::exists(elsewhere / "mail.db"));
  CHECK(fs::exists(elsewhere / "content" / "large"));
  Running second(scratch.path() / "two");
  second.options.database = elsewhere / "mail.db";
  CHECK(holds(refusal(second), "is in use by process"));
  first.close();
  ::chmod(elsewhere.c_str(), 0777);
  CHECK(holds(refusal(second), "others may write to the folder"));
}
