// Foreign text on its way into a message: one line, 7 bits, no line too long. RFC 5322 §2.1.1, RFC 2045 §6.7.
#include "proxy/mail/safe_text.hpp"

#include <vector>

#include "proxy/mail/date.hpp"
#include "tests/support/catch.hpp"

namespace homeward::mail {
namespace {

TEST_CASE("mail: foreign text becomes printable ASCII of a bounded length") {
  CHECK(plain("a\r\nBcc: x\t\x7f\xc3\xa9", 100) == "a??Bcc: x????");
  CHECK(plain("abcdef", 3) == "abc");
}

TEST_CASE("mail: a field folds at blanks, and what has none is cut") {
  CHECK(field("Subject", "a  b") == "Subject: a b\r\n");
  CHECK(field("Subject", std::string(60, 'x') + " " + std::string(20, 'y')) ==
        "Subject: " + std::string(60, 'x') + "\r\n " + std::string(20, 'y') + "\r\n");
  CHECK(field("Subject", std::string(5000, 'x')).size() == kMaxLine + 2);
  CHECK(field("Subject", "a " + std::string(5000, 'x')).size() ==
        std::string("Subject: a\r\n").size() + kMaxLine + 2);
}

TEST_CASE("mail: words are wrapped behind their indent") {
  CHECK(wrapped("a b", "  ") == "  a b\r\n");
  CHECK(wrapped("", "  ") == "  \r\n");
  const auto lines = wrapped(std::string(70, 'x') + " word", "> ");
  CHECK(lines == "> " + std::string(70, 'x') + "\r\n> word\r\n");
}

TEST_CASE("mail: quoted-printable carries any octet, and keeps its lines") {
  struct Case {
    std::string text;
    std::string encoded;
  };
  const std::vector<Case> cases{
      {"", ""},
      {"Subject: x\r\n", "Subject: x\r\n"},
      {"a=b\r\n", "a=3Db\r\n"},
      {"caf\xc3\xa9 \r\n", "caf=C3=A9=20\r\n"},
      {"a\t\r\nb ", "a=09\r\nb=20"},
      {"a b\tc", "a b\tc"},
      {"a\rb\nc\r\n", "a=0Db=0Ac\r\n"},
      {std::string("a\0b", 3), "a=00b"},
      {std::string(75, 'x') + "\r\n", std::string(75, 'x') + "\r\n"},
      {std::string(76, 'x') + "\r\n", std::string(75, 'x') + "=\r\nx\r\n"},
      {std::string(74, 'x') + "\xff", std::string(74, 'x') + "=\r\n=FF"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(quoted_printable(c.text) == c.encoded);
  }
}

TEST_CASE("mail: a date is written as RFC 5322 has it, in UTC") {
  using std::chrono::sys_days;
  CHECK(date_text(sys_days{std::chrono::year{2026} / 11 / 17} + std::chrono::hours{9} +
                  std::chrono::milliseconds{1999}) == "Tue, 17 Nov 2026 09:00:01 +0000");
}

}  // namespace
}  // namespace homeward::mail
