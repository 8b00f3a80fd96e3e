// xtext. RFC 3461 §4.
#include "proxy/smtp/xtext.hpp"

#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::smtp {
namespace {

TEST_CASE("smtp: xtext stands for octets") {
  struct Case {
    std::string text;
    std::optional<std::string> octets;
    bool printable;
  };
  const std::vector<Case> cases{
      {"", "", false},
      {"QQ314159", "QQ314159", true},
      {"Bob+20Smith+2Bx", "Bob Smith+x", true},
      {"e+3Dmc2", "e=mc2", true},
      {"+09", "\t", true},
      {"+00", std::string(1, '\0'), false},
      {"+0D+0A", "\r\n", false},
      {"+C3+A9", "\xc3\xa9", false},
      {"+7F", "\x7f", false},
      {"a+", {}, false},
      {"a+2", {}, false},
      {"a+2b", {}, false},
      {"a+G0", {}, false},
      {"a+ 0", {}, false},
      {"a=b", {}, false},
      {"a b", {}, false},
      {"a\x01", {}, false},
      {"\x7f", {}, false},
      {"\xc3\xa9", {}, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(decode_xtext(c.text) == c.octets);
    CHECK(is_printable_xtext(c.text) == c.printable);
  }
}

}  // namespace
}  // namespace homeward::smtp
