// Who may read and write the files; only regular files of a sane size.
#include "conf/file_source.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/conf/loading.hpp"

namespace homeward::conf {
namespace {

using test::all_text;
using test::contains;
using test::kAccount;
using test::problems_of;
using test::ScratchFolder;

const std::string kWithPassword =
    "[account a]\naddress = a@isp.example\nserver = s.example\npassword = hunter2\n";

TEST_CASE("conf: a file that others than its owner can write is refused") {
  for (const mode_t mode : {0600U, 0640U, 0644U, 0400U, 0444U}) {
    CAPTURE(mode);
    CHECK(problems_of(kAccount, mode).empty());
  }
  for (const mode_t mode : {0620U, 0660U, 0664U, 0602U, 0606U, 0666U}) {
    CAPTURE(mode);
    const auto problems = problems_of(kAccount, mode);
    REQUIRE(problems.size() == 1);
    CHECK(contains(problems[0].finding, (mode & 02U) != 0 ? "written by everybody" : "written by its group"));
    CHECK(contains(problems[0].cure, "chmod go-w"));
  }
}

TEST_CASE("conf: a password may not stand in a file that everybody can read") {
  CHECK(problems_of(kWithPassword, 0600).empty());
  CHECK(problems_of(kWithPassword, 0640).empty());
  const auto problems = problems_of(kWithPassword, 0644);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 4);
  CHECK(problems[0].key == "[account a] password");
  CHECK(contains(problems[0].cure, "chmod o-r"));
  CHECK_FALSE(contains(all_text(problems), "hunter2"));
}

TEST_CASE("conf: included files are held to the same") {
  const ScratchFolder folder;
  const auto main = folder.write("homeward.ini", "[homeward]\ninclude = a.ini\n");
  folder.write("a.ini", kWithPassword, 0666);
  const auto loaded = load(main);
  REQUIRE_FALSE(loaded.has_value());
  CHECK(contains(all_text(loaded.error()), "a.ini: can be written by everybody (mode 0666)"));
  CHECK(
      contains(all_text(loaded.error()), "a.ini:4: [account a] password: stands in a file that every user"));
}

TEST_CASE("conf: a file of another user is refused") {
  if (::geteuid() != 0) {
    WARN("not root: can't make a file of another user; that case was not tried");
    return;
  }
  const ScratchFolder folder;
  const auto file = folder.write("homeward.ini", kAccount);
  REQUIRE(::chown(file.c_str(), 12345, 0) == 0);
  const auto loaded = load(file);
  REQUIRE_FALSE(loaded.has_value());
  CHECK(contains(all_text(loaded.error()), "belongs to user 12345"));
}

TEST_CASE("conf: a missing file is told as such") {
  const auto loaded = load("/nowhere/homeward.ini");
  REQUIRE_FALSE(loaded.has_value());
  REQUIRE(loaded.error().size() == 1);
  CHECK(loaded.error()[0].to_string() ==
        "/nowhere/homeward.ini: can't be read: No such file or directory; create it, or name another file "
        "with --config");
}

TEST_CASE("conf: a folder, a pipe and a huge file are no configuration") {
  const ScratchFolder folder;
  CHECK(read_file(folder.path()).faults.at(0).finding == "is not a regular file");
  const auto pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(read_file(pipe).faults.at(0).finding == "is not a regular file");
  const auto huge = read_file(folder.write("huge", std::string((1U << 20U) + 1, 'x')));
  CHECK(huge.faults.at(0).finding == "is larger than 1 MiB");
  CHECK_FALSE(huge.text.has_value());
  CHECK(read_file(folder.write("large", std::string(1U << 20U, 'x'))).text->size() == 1U << 20U);
}

}  // namespace
}  // namespace homeward::conf
