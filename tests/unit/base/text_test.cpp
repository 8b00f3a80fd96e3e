// Small text tools. What is printable decides whether a peer can forge a line of the log.
#include "proxy/base/text.hpp"

#include <array>

#include "tests/support/catch.hpp"

namespace homeward::text {
namespace {

using std::string_view_literals::operator""sv;
using Parts = std::vector<std::string_view>;

TEST_CASE("text: case is changed in ASCII letters alone") {
  CHECK(to_lower("ABC-xyz[@{\xc3\x84") == "abc-xyz[@{\xc3\x84");
  CHECK(to_upper("abc-XYZ[`{\xc3\xa4") == "ABC-XYZ[`{\xc3\xa4");
  CHECK(to_lower('Q') == 'q');
  CHECK(to_lower('@') == '@');
  CHECK(to_lower('[') == '[');
}

TEST_CASE("text: equality without case minds length, and letters alone") {
  CHECK(equals_ignoring_case("StartTLS", "STARTTLS"));
  CHECK(equals_ignoring_case("", ""));
  CHECK_FALSE(equals_ignoring_case("a", "ab"));
  CHECK_FALSE(equals_ignoring_case("[", "{"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));
  CHECK(starts_with_ignoring_case("mail FROM:<>", "MAIL FROM:"));
  CHECK(starts_with_ignoring_case("x", ""));
  CHECK_FALSE(starts_with_ignoring_case("MAI", "MAIL"));
}

TEST_CASE("text: trimming takes blanks and tabs at the ends, nothing else") {
  struct Case {
    std::string_view given;
    std::string_view trimmed;
  };
  const auto c = GENERATE(Case{"", ""}, Case{" \t ", ""}, Case{" a b\t", "a b"}, Case{"a", "a"},
                          Case{"a ", "a"}, Case{" a\r\n", "a\r\n"});
  CAPTURE(c.given);
  CHECK(trim(c.given) == c.trimmed);
}

TEST_CASE("text: splitting leaves out empty parts") {
  CHECK(split("a, b ,c", ',') == Parts{"a", "b", "c"});
  CHECK(split(",a,, ,b,", ',') == Parts{"a", "b"});
  CHECK(split("a", ',') == Parts{"a"});
  CHECK(split("", ',').empty());
  CHECK(split(" , ", ',').empty());
  CHECK(split("a b  c", ' ') == Parts{"a", "b", "c"});
}

TEST_CASE("text: joining puts a separator between all parts, empty ones too") {
  const auto joined = [](std::vector<std::string> parts) { return join(parts, ", "); };
  CHECK(joined({}).empty());
  CHECK(joined({"a"}) == "a");
  CHECK(joined({"a", "b", "c"}) == "a, b, c");
  CHECK(joined({"", "b"}) == ", b");
  CHECK(joined({"a", "", "c"}) == "a, , c");
}

TEST_CASE("text: controls are found anywhere") {
  CHECK_FALSE(has_control(""));
  CHECK_FALSE(has_control("plain ~ \xc3\xa4"));
  const auto text = GENERATE("\n"sv, "a\0b"sv, "a\r"sv, "\x1f"sv, "\x7f"sv, "a\tb"sv);
  CHECK(has_control(text));
}

TEST_CASE("text: ASCII ends at 0x7f") {
  CHECK(is_ascii("a\x7f"));
  CHECK(is_ascii(""));
  CHECK_FALSE(is_ascii("\x80"));
  CHECK_FALSE(is_ascii("a\xff"));
}

// The borders of RFC 3629 §4.
TEST_CASE("text: well-formed UTF-8 is told from malformed") {
  const auto good = GENERATE(""sv, "abc"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv,
                             "\xee\x80\x80"sv, "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv);
  CHECK(is_valid_utf8(good));
  const auto bad =
      GENERATE("\x80"sv, "\xbf"sv, "\xc0\x80"sv, "\xc1\xbf"sv, "\xc2"sv, "\xc2\x41"sv, "\xc2\xc0"sv,
               "\xe0\x9f\xbf"sv, "\xe1\x80"sv, "\xe1\x80\x41"sv, "\xed\xa0\x80"sv, "\xf0\x8f\xbf\xbf"sv,
               "\xf1\x80\x80"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv);
  CHECK_FALSE(is_valid_utf8(bad));
  CHECK_FALSE(is_valid_utf8(std::string(good) + std::string(bad)));
}

TEST_CASE("text: what is printed holds no control and no malformed byte") {
  struct Case {
    std::string_view given;
    std::string_view printed;
  };
  const auto c = GENERATE(
      Case{"plain text~", "plain text~"}, Case{"a\r\nb\tc", "a??b?c"}, Case{"a\0b"sv, "a?b"},
      Case{"\x1b[31mred\x7f", "?[31mred?"}, Case{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
      Case{"\xe2\x82\xac \xf0\x9f\x93\xa7", "\xe2\x82\xac \xf0\x9f\x93\xa7"}, Case{"gr\xfc\xdf", "gr??"},
      // Controls of Unicode: CSI and NEL; line and paragraph separator; those that turn text round.
      Case{"\xc2\x9b"
           "31m",
           "?31m"},
      Case{"a\xc2\x85"
           "b",
           "a?b"},
      Case{"\xc2\x80\xc2\x9f\xc2\xa0", "??\xc2\xa0"},
      Case{"a\xe2\x80\xa8"
           "b\xe2\x80\xa9"
           "c",
           "a?b?c"},
      Case{"\xe2\x80\xae"
           "evil",
           "?evil"},
      Case{"\xe2\x81\xa6x\xe2\x81\xa9", "?x?"},
      Case{"\xe2\x80\x9cx\xe2\x80\x9d", "\xe2\x80\x9cx\xe2\x80\x9d"});
  CAPTURE(c.printed);
  CHECK(printable(c.given) == c.printed);
}

TEST_CASE("text: what is printed is bounded, and never cut inside a character") {
  CHECK(printable("abcdef", 4) == "abcd");
  CHECK(printable("abcdef", 6) == "abcdef");
  CHECK(printable("abcdef", 0).empty());
  CHECK(printable("ab\xe2\x82\xac", 4) == "ab");
  CHECK(printable("ab\xe2\x82\xac", 5) == "ab\xe2\x82\xac");
  CHECK(printable(std::string(2000, 'a')).size() == 512);
}

TEST_CASE("text: the nearest word is one that differs in a third of its letters at most") {
  constexpr std::array<std::string_view, 6> kWords{"password", "password_file", "server",
                                                   "senders",  "tls",           "x"};
  struct Case {
    std::string_view word;
    std::string_view nearest;
  };
  const auto c =
      GENERATE(Case{"pasword", "password"}, Case{"passwrod", "password"}, Case{"password", "password"},
               Case{"sender", "senders"}, Case{"serfer", "server"}, Case{"tsl", ""}, Case{"tl", "tls"},
               Case{"banana", ""}, Case{"", ""}, Case{"y", ""}, Case{"passfile", ""});
  CAPTURE(c.word);
  CHECK(nearest(c.word, kWords) == c.nearest);
  CHECK(nearest(c.word, {}).empty());
}

TEST_CASE("text: a word of any length has no near one at no cost") {
  constexpr std::array<std::string_view, 1> kWords{"password"};
  CHECK(nearest(std::string(1'000'000, 'a'), kWords).empty());
}

}  // namespace
}  // namespace homeward::text
