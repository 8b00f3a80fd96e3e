// Columns, sizes and times for people.
#include "proxy/app/table.hpp"

#include <algorithm>
#include <chrono>

#include "tests/support/catch.hpp"

namespace homeward::app {
namespace {

TEST_CASE("table: columns line up, by characters and not by octets") {
  Table table({"ID", "NAME", "X"});
  table.add({"1", "J\xc3\xbcrg", "a"});
  table.add({"22", "Bob", "b"});
  table.add_note("why");
  table.add({"3"});
  CHECK(table.to_string() ==
        "ID  NAME  X\n"
        "1   J\xc3\xbcrg  a\n"
        "22  Bob   b\n"
        "    why\n"
        "3\n");
}

TEST_CASE("table: nothing in it can steer a terminal") {
  Table table({"A"});
  table.add({"x\x1b[2Jy\nz"});
  table.add_note("\x1b]0;title\x07\xc2\x9b");
  const auto text = table.to_string();
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
  CHECK(text.find("\xc2\x9b") == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
}

TEST_CASE("table: sizes in words") {
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(1023) == "1023 B");
  CHECK(size_text(1024) == "1.0 KiB");
  CHECK(size_text(150'000) == "146 KiB");
  CHECK(size_text(50ULL << 20U) == "50 MiB");
  CHECK(size_text(3ULL << 40U) == "3.0 TiB");
}

TEST_CASE("table: times in words") {
  using std::chrono::seconds;
  CHECK(duration_text(seconds{0}) == "just now");
  CHECK(duration_text(seconds{-5}) == "just now");
  CHECK(duration_text(seconds{59}) == "59 s");
  CHECK(duration_text(seconds{200}) == "3 min");
  CHECK(duration_text(seconds{7500}) == "2 h 5 min");
  CHECK(duration_text(seconds{7200}) == "2 h");
  CHECK(duration_text(seconds{75 * 3600}) == "3 d 3 h");
}

TEST_CASE("table: times are written in UTC where a machine reads them") {
  CHECK(utc_time_text(std::chrono::system_clock::from_time_t(1'000'000'000)) == "2001-09-09T01:46:40Z");
}

}  // namespace
}  // namespace homeward::app
