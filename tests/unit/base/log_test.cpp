// The log's three forms, read back from standard error: one line per event, whatever its values hold.
#include "proxy/base/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <thread>

#include <fmt/format.h>

#include "tests/support/catch.hpp"

namespace homeward::log {
namespace {

/// Standard error, turned to a file without a name for as long as this lives.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)), file_(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {
    REQUIRE(saved_ >= 0);
    REQUIRE(file_ >= 0);
    dup2(file_, STDERR_FILENO);
  }
  ~CapturedStderr() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    close(file_);
    configure(Level::info, Format::text);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  std::string text() const {
    struct stat status{};
    fstat(file_, &status);
    std::string out(static_cast<std::size_t>(status.st_size), '\0');
    const auto got = pread(file_, out.data(), out.size(), 0);
    out.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return out;
  }
  std::string device_and_inode() const {
    struct stat status{};
    fstat(file_, &status);
    return fmt::format("{}:{}", status.st_dev, status.st_ino);
  }

 private:
  int saved_;
  int file_;
};

std::string written(Format format, std::initializer_list<Field> fields, Level level = Level::info) {
  const CapturedStderr captured;
  configure(Level::debug, format);
  write(level, "message.delivered", fields);
  return captured.text();
}

/// What follows the time stamp "2026-07-04T09:00:05.123+02:00 ".
std::string behind_time(const std::string& line) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000+00:00 ";
  REQUIRE(line.size() > kShape.size());
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = line[i] >= '0' && line[i] <= '9';
    const bool as_shown = line[i] == kShape[i] || (kShape[i] == '+' && line[i] == '-');
    if (kShape[i] == '0' ? !digit : !as_shown) FAIL("no time stamp: " << line);
  }
  return line.substr(kShape.size());
}

TEST_CASE("log: text has time, level, event and fields on one line") {
  CHECK(behind_time(written(Format::text, {{"account", "home"}, {"to", "bob@x.example"}})) ==
        "info    message.delivered account=home to=bob@x.example\n");
  CHECK(behind_time(written(Format::text, {}, Level::warning)) == "warning message.delivered\n");
  CHECK(behind_time(written(Format::text, {}, Level::error)) == "error   message.delivered\n");
  CHECK(behind_time(written(Format::text, {}, Level::debug)) == "debug   message.delivered\n");
}

TEST_CASE("log: a value that could be mistaken is quoted, and none makes a second line") {
  struct Case {
    std::string value;
    std::string_view written;
  };
  const auto c =
      GENERATE(Case{"", R"("")"}, Case{"two words", R"("two words")"}, Case{"a=b", R"("a=b")"},
               Case{R"(a"b\c)", R"("a\"b\\c")"}, Case{"a\r\n2026 error forged", R"("a??2026 error forged")"},
               Case{"\xc2\x9b"
                    "31m",
                    "?31m"},
               Case{"%v {} %n", R"("%v {} %n")"}, Case{"{0}{", "{0}{"},
               Case{"b\xc3\xbc"
                    "cher",
                    "b\xc3\xbc"
                    "cher"},
               Case{"\xff", "?"});
  CHECK(behind_time(written(Format::text, {{"v", c.value}})) ==
        "info    message.delivered v=" + std::string(c.written) + "\n");
}

TEST_CASE("log: a value of any length is cut") {
  CHECK(behind_time(written(Format::text, {{"v", std::string(5000, 'a')}})) ==
        "info    message.delivered v=" + std::string(1024, 'a') + "\n");
}

TEST_CASE("log: JSON is one object on a line") {
  const auto line =
      written(Format::json, {{"account", "home"}, {"text", "say \"hi\" \\ %v {}\r\n\xff\xc2\x85"}});
  CHECK(line.starts_with(R"({"time":"2)"));
  const auto level = line.find(R"(","level":)");
  REQUIRE(level != std::string::npos);
  CHECK(line.substr(level) == R"(","level":"info","event":"message.delivered","account":"home",)"
                              R"("text":"say \"hi\" \\ %v {}?????"})"
                              "\n");
}

TEST_CASE("log: the journal gets a priority and no time") {
  CHECK(written(Format::journal, {{"account", "home"}}) == "<6>message.delivered account=home\n");
  CHECK(written(Format::journal, {}, Level::debug) == "<7>message.delivered\n");
  CHECK(written(Format::journal, {}, Level::warning) == "<4>message.delivered\n");
  CHECK(written(Format::journal, {}, Level::error) == "<3>message.delivered\n");
}

TEST_CASE("log: what is below the level is not written") {
  const CapturedStderr captured;
  configure(Level::warning, Format::journal);
  debug("a", {});
  info("b", {});
  warning("c", {});
  error("d", {});
  CHECK(captured.text() == "<4>c\n<3>d\n");
}

TEST_CASE("log: the form is the journal's where the journal reads standard error") {
  struct Case {
    bool named;
    std::string_view begin;
  };
  const auto c = GENERATE(Case{true, "<6>a\n"}, Case{false, "2"});
  const CapturedStderr captured;
  const auto stream = c.named ? captured.device_and_inode() : "1:1";
  setenv("JOURNAL_STREAM", stream.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): no thread is running
  configure(Level::info, Format::automatic);
  unsetenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe)
  info("a", {});
  CHECK(captured.text().starts_with(c.begin));
}

TEST_CASE("log: events of several threads stay whole while the level changes") {
  constexpr int kEach = 500;
  const CapturedStderr captured;
  configure(Level::info, Format::journal);
  const auto work = [] {
    for (int i = 0; i < kEach; ++i) info("event", {{"v", "x"}});
  };
  std::thread first(work);
  std::thread second(work);
  for (int i = 0; i < 50; ++i) configure(i % 2 == 0 ? Level::info : Level::debug, Format::journal);
  first.join();
  second.join();
  std::string expected;
  for (int i = 0; i < 2 * kEach; ++i) expected += "<6>event v=x\n";
  CHECK(captured.text() == expected);
}

}  // namespace
}  // namespace homeward::log
