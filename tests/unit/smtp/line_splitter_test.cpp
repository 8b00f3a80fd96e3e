// Lines out of a client's bytes: ends, limits. RFC 5321 §2.3.8, §4.5.3.1.4.
#include "proxy/smtp/line_splitter.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using homeward::smtp::LineEnd;
using homeward::smtp::split_line;

TEST_CASE("smtp: the first line is split off with the end it had") {
  struct Case {
    std::string input;
    std::string line;
    LineEnd end;
    std::size_t consumed;
  };
  const std::vector<Case> cases{
      {"NOOP\r\n", "NOOP", LineEnd::crlf, 6},
      {"NOOP\r\nRSET\r\n", "NOOP", LineEnd::crlf, 6},
      {"NOOP\n", "NOOP", LineEnd::bare_lf, 5},
      {"NOOP\nRSET\r\n", "NOOP", LineEnd::bare_lf, 5},
      {"\r\n", "", LineEnd::crlf, 2},
      {"\n", "", LineEnd::bare_lf, 1},
      {"NOOP\rRSET\r\n", "NOOP\rRSET", LineEnd::crlf, 11},
      {"NOOP\r\r\n", "NOOP\r", LineEnd::crlf, 7},
      {std::string("A\0B\r\n", 5), std::string("A\0B", 3), LineEnd::crlf, 5},
  };
  for (const auto& c : cases) {
    CAPTURE(c.input);
    const auto split = split_line(c.input, 512);
    REQUIRE(split.has_value());
    CHECK(split->line == c.line);
    CHECK(split->end == c.end);
    CHECK(split->consumed == c.consumed);
    CHECK_FALSE(split->too_long);
  }
}

TEST_CASE("smtp: a line without an end is waited for") {
  CHECK_FALSE(split_line("", 512).has_value());
  CHECK_FALSE(split_line("NOOP", 512).has_value());
  CHECK_FALSE(split_line("NOOP\r", 512).has_value());
}

TEST_CASE("smtp: a line may fill the limit, its end included, and no more") {
  const auto whole = split_line(std::string(8, 'x') + "\r\n", 10);
  REQUIRE(whole.has_value());
  CHECK_FALSE(whole->too_long);
  CHECK(whole->line.size() == 8);

  const auto longer = split_line(std::string(9, 'x') + "\r\nNOOP\r\n", 10);
  REQUIRE(longer.has_value());
  CHECK(longer->too_long);
  CHECK(longer->line.empty());
  CHECK(longer->consumed == 11);
}

TEST_CASE("smtp: bytes that reach the limit without an end are dropped as too long") {
  CHECK_FALSE(split_line(std::string(9, 'x'), 10).has_value());
  // A caller whose buffer holds `limit` octets must not wait for ever.
  const auto full = split_line(std::string(10, 'x'), 10);
  REQUIRE(full.has_value());
  CHECK(full->too_long);
  CHECK(full->line.empty());
  CHECK(full->consumed == 10);
}
