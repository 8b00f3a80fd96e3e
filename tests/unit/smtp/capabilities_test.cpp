// EHLO answers as servers write them. RFC 5321 §4.1.1.1.
#include "proxy/smtp/capabilities.hpp"

#include "tests/support/catch.hpp"

using homeward::smtp::Capabilities;
using homeward::smtp::parse_capabilities;
using homeward::smtp::Reply;

namespace {

using Words = std::vector<std::string>;

Capabilities parse(const Words& keywords) {
  Reply reply{250, std::nullopt, {"mx.example Hello"}};
  reply.lines.insert(reply.lines.end(), keywords.begin(), keywords.end());
  return parse_capabilities(reply);
}

}  // namespace

TEST_CASE("smtp: EHLO keywords are read without regard to case and order") {
  const auto found = parse({"pipelining", "8BitMime", "SIZE 35882577", "STARTTLS", "EnhancedStatusCodes",
                            "CHUNKING", "DSN", "SMTPUTF8", "AUTH PLAIN LOGIN", "X-UNKNOWN yes"});
  Capabilities expected;
  expected.esmtp = expected.pipelining = expected.eight_bit_mime = expected.enhanced_status_codes = true;
  expected.start_tls = expected.chunking = expected.dsn = expected.smtp_utf8 = expected.size = true;
  expected.size_limit = 35882577;
  expected.auth_mechanisms = {"PLAIN", "LOGIN"};
  CHECK(found == expected);
}

TEST_CASE("smtp: what is no EHLO answer offers nothing") {
  CHECK(parse_capabilities(Reply{500, std::nullopt, {"no", "STARTTLS"}}) == Capabilities{});
  CHECK(parse_capabilities(Reply{250, std::nullopt, {}}).esmtp);
}

TEST_CASE("smtp: the greeting line of an EHLO answer is no keyword") {
  const auto found = parse_capabilities(Reply{250, std::nullopt, {"STARTTLS"}});
  CHECK(found.esmtp);
  CHECK_FALSE(found.start_tls);
}

TEST_CASE("smtp: AUTH is read in both spellings, each mechanism once, in order") {
  struct Case {
    Words lines;
    Words mechanisms;
  };
  const std::vector<Case> cases{
      {{"AUTH PLAIN LOGIN"}, {"PLAIN", "LOGIN"}},
      {{"AUTH=PLAIN LOGIN"}, {"PLAIN", "LOGIN"}},
      {{"AUTH=LOGIN PLAIN", "AUTH LOGIN xoauth2  SCRAM-SHA-256-PLUS"},
       {"LOGIN", "PLAIN", "XOAUTH2", "SCRAM-SHA-256-PLUS"}},
      {{"auth plain"}, {"PLAIN"}},
      {{"AUTH"}, {}},
      {{"AUTH="}, {}},
      {{"AUTH PL/AIN A-NAME-OF-MORE-THAN-20 OK"}, {"OK"}},
      {{"XAUTH PLAIN"}, {}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.lines);
    CHECK(parse(c.lines).auth_mechanisms == c.mechanisms);
  }
}

TEST_CASE("smtp: a hostile list of mechanisms is cut") {
  std::string line = "AUTH";
  for (int i = 0; i < 200; ++i) line += " M" + std::to_string(i);
  CHECK(parse({line}).auth_mechanisms.size() == 64);
}

TEST_CASE("smtp: SIZE without a usable number is offered without a limit") {
  for (const auto* line :
       {"SIZE", "SIZE 0", "SIZE x", "SIZE 12x", "SIZE -1", "SIZE 99999999999999999999999"}) {
    CAPTURE(line);
    const auto found = parse({line});
    CHECK(found.size);
    CHECK_FALSE(found.size_limit.has_value());
  }
  CHECK(parse({"SIZE 18446744073709551615"}).size_limit == 18446744073709551615ULL);
  CHECK_FALSE(parse({"SIZE=10"}).size);
}

TEST_CASE("smtp: a mangled STARTTLS is not taken for one") {
  for (const auto* line : {"XXXXXXXA", "STARTTLSX", "XSTARTTLS", "STARTTLS=1", "START TLS"}) {
    CAPTURE(line);
    CHECK_FALSE(parse({line}).start_tls);
  }
}
