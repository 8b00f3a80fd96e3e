// Parameters of MAIL and RCPT. RFC 5321 §4.1.2, RFC 1870, RFC 6152, RFC 4954 §5.
#include "proxy/smtp/parameters.hpp"

#include <limits>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using homeward::smtp::BodyType;
using homeward::smtp::MailParameters;
using homeward::smtp::parse_mail_parameters;
using homeward::smtp::parse_rcpt_parameters;

TEST_CASE("smtp: parameters of MAIL become values") {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  struct Case {
    std::string text;
    MailParameters expected;
  };
  const std::vector<Case> cases{
      {"", {}},
      {"   ", {}},
      {"SIZE=0", {0, {}, false, {}, {}}},
      {"size=1234 Body=8bitmime", {1234, BodyType::eight_bit_mime, false, {}, {}}},
      {"BODY=7BIT   SIZE=1", {1, BodyType::seven_bit, false, {}, {}}},
      {"SIZE=00000000000000000007", {7, {}, false, {}, {}}},
      {"SIZE=18446744073709551615", {kMost, {}, false, {}, {}}},
      {"SIZE=18446744073709551616", {kMost, {}, false, {}, {}}},
      {"SIZE=99999999999999999999", {kMost, {}, false, {}, {}}},
      {"AUTH=<>", {{}, {}, true, {}, {}}},
      {"AUTH=e+3Dmc2@example.com", {{}, {}, true, {}, {}}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto parsed = parse_mail_parameters(c.text);
    REQUIRE(parsed.has_value());
    CHECK((*parsed == c.expected));
  }
}

TEST_CASE("smtp: bad parameters of MAIL are refused, unknown ones by name") {
  struct Case {
    std::string text;
    int code;
    std::string words;
  };
  const std::vector<Case> cases{
      {"SIZE", 501, "SIZE"},
      {"SIZE=", 501, "SIZE"},
      {"SIZE=-1", 501, "SIZE"},
      {"SIZE=+1", 501, "SIZE"},
      {"SIZE=1k", 501, "SIZE"},
      {"SIZE=0x10", 501, "SIZE"},
      {"SIZE=100000000000000000000", 501, "20 digits"},
      {"SIZE=1 SIZE=1", 501, "twice"},
      {"BODY", 501, "BODY"},
      {"BODY=BINARYMIME", 501, "7BIT or 8BITMIME"},
      {"BODY=7BIT body=7bit", 501, "twice"},
      {"AUTH", 501, "AUTH"},
      {"AUTH=", 501, "AUTH"},
      {"AUTH=a+3", 501, "AUTH"},
      {"AUTH=a+3d", 501, "AUTH"},
      {"AUTH=a=b", 501, "AUTH"},
      {"AUTH=a\x01", 501, "AUTH"},
      {"AUTH=\xc3\xa9", 501, "AUTH"},
      {"AUTH=<> AUTH=<>", 501, "twice"},
      {"=1", 501, "without a name"},
      {"SMTPUTF8", 555, "SMTPUTF8"},
      {"SIZE=1 foo=bar", 555, "FOO"},
      {"RET=HDRS", 555, "DSN"},
      {"ENVID=QQ314159", 555, "ENVID"},
      {"SIZES=1", 555, "SIZES"},
      {"a\r\nRCPT=1", 555, "A??RCPT"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto parsed = parse_mail_parameters(c.text);
    REQUIRE_FALSE(parsed.has_value());
    const auto& reply = parsed.error().reply;
    CHECK(reply.code == c.code);
    CHECK(to_string(reply.enhanced) == "5.5.4");
    CAPTURE(reply.text);
    CHECK(reply.text.find(c.words) != std::string::npos);
  }
}

TEST_CASE("smtp: a long parameter name is not repeated whole") {
  const auto parsed = parse_mail_parameters(std::string(1500, 'x'));
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().reply.text.size() < 120);
}

TEST_CASE("smtp: RCPT takes no parameter") {
  CHECK(parse_rcpt_parameters("").has_value());
  CHECK(parse_rcpt_parameters("  ").has_value());
  struct Case {
    std::string text;
    std::string words;
  };
  const std::vector<Case> cases{
      {"NOTIFY=NEVER", "NOTIFY needs DSN"},
      {"orcpt=rfc822;a@b", "ORCPT needs DSN"},
      {"SIZE=1", "SIZE is not known"},
      {"x", "X is not known"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto parsed = parse_rcpt_parameters(c.text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().reply.code == 555);
    CHECK(to_string(parsed.error().reply.enhanced) == "5.5.4");
    CHECK(parsed.error().reply.text.find(c.words) != std::string::npos);
  }
}
