// Parameters of MAIL and RCPT. RFC 5321 §4.1.2, RFC 1870, RFC 6152, RFC 4954 §5, RFC 3461 §4.
#include "proxy/smtp/parameters.hpp"

#include <limits>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using homeward::smtp::BodyType;
using homeward::smtp::MailParameters;
using homeward::smtp::Notify;
using homeward::smtp::parse_mail_parameters;
using homeward::smtp::parse_rcpt_parameters;
using homeward::smtp::RcptParameters;
using homeward::smtp::ReturnContent;

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
      {"RET=FULL", {{}, {}, false, ReturnContent::full, {}}},
      {"ret=Hdrs ENVID=QQ+2B314159", {{}, {}, false, ReturnContent::headers, "QQ+2B314159"}},
      {"ENVID=" + std::string(100, 'x'), {{}, {}, false, {}, std::string(100, 'x')}},
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
      {"RET", 501, "FULL or HDRS"},
      {"RET=NONE", 501, "FULL or HDRS"},
      {"RET=FULL ret=full", 501, "twice"},
      {"ENVID", 501, "ENVID"},
      {"ENVID=", 501, "ENVID"},
      {"ENVID=a+b", 501, "+ as +2B"},
      {"ENVID=a+0Ab", 501, "printable"},
      {"ENVID=a+7F", 501, "printable"},
      {"ENVID=" + std::string(101, 'x'), 501, "100 characters"},
      {"ENVID=a ENVID=b", 501, "twice"},
      {"NOTIFY=NEVER", 555, "NOTIFY"},
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

TEST_CASE("smtp: parameters of RCPT become values") {
  struct Case {
    std::string text;
    RcptParameters expected;
  };
  const auto longest = "rfc822;" + std::string(493, 'x');
  const std::vector<Case> cases{
      {"", {}},
      {"  ", {}},
      {"NOTIFY=NEVER", {Notify{}, {}}},
      {"notify=never", {Notify{}, {}}},
      {"NOTIFY=SUCCESS", {Notify{true, false, false}, {}}},
      {"NOTIFY=delay,Failure", {Notify{false, true, true}, {}}},
      {"NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;Bob+20B@y.test",
       {Notify{true, true, true}, "rfc822;Bob+20B@y.test"}},
      {"orcpt=X400;/c+3Dde/", {{}, "X400;/c+3Dde/"}},
      {"ORCPT=" + longest, {{}, longest}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto parsed = parse_rcpt_parameters(c.text);
    REQUIRE(parsed.has_value());
    CHECK((*parsed == c.expected));
  }
}

TEST_CASE("smtp: bad parameters of RCPT are refused, unknown ones by name") {
  struct Case {
    std::string text;
    int code;
    std::string words;
  };
  const std::vector<Case> cases{
      {"NOTIFY", 501, "NOTIFY can be"},
      {"NOTIFY=", 501, "NOTIFY can be"},
      {"NOTIFY=ALWAYS", 501, "NOTIFY can be"},
      {"NOTIFY=SUCCESS,", 501, "NOTIFY can be"},
      {"NOTIFY=,SUCCESS", 501, "NOTIFY can be"},
      {"NOTIFY=SUCCESS,SUCCESS", 501, "SUCCESS twice"},
      {"NOTIFY=NEVER,DELAY", 501, "stands alone"},
      {"NOTIFY=DELAY,NEVER", 501, "stands alone"},
      {"NOTIFY=NEVER NOTIFY=NEVER", 501, "given twice"},
      {"ORCPT", 501, "type of the address"},
      {"ORCPT=bob@y.test", 501, "type of the address"},
      {"ORCPT=;bob@y.test", 501, "type of the address"},
      {"ORCPT=rfc(822;bob@y.test", 501, "type of the address"},
      {"ORCPT=rfc822;", 501, "xtext"},
      {"ORCPT=rfc822;a=b", 501, "xtext"},
      {"ORCPT=rfc822;a+b@y.test", 501, "+ as +2B"},
      {"ORCPT=rfc822;a+0D+0ADATA", 501, "xtext"},
      {"ORCPT=rfc822;a+00", 501, "xtext"},
      {"ORCPT=rfc822;a+C3+A9", 501, "xtext"},
      {"ORCPT=rfc822;\x01", 501, "xtext"},
      {"ORCPT=rfc822;" + std::string(494, 'x'), 501, "500 characters"},
      {"ORCPT=rfc822;a ORCPT=rfc822;a", 501, "given twice"},
      {"=x", 501, "without a name"},
      {"RET=FULL", 555, "RET is not known"},
      {"SIZE=1", 555, "SIZE is not known"},
      {"x", 555, "X is not known"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto parsed = parse_rcpt_parameters(c.text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().reply.code == c.code);
    CHECK(to_string(parsed.error().reply.enhanced) == "5.5.4");
    CAPTURE(parsed.error().reply.text);
    CHECK(parsed.error().reply.text.find(c.words) != std::string::npos);
  }
}

TEST_CASE("smtp: NOTIFY is written as it is read") {
  for (const std::string text :
       {"NEVER", "SUCCESS", "FAILURE", "DELAY", "SUCCESS,DELAY", "SUCCESS,FAILURE,DELAY"}) {
    const auto parsed = parse_rcpt_parameters("NOTIFY=" + text);
    REQUIRE(parsed.has_value());
    CHECK(homeward::smtp::to_string(parsed->notify.value()) == text);
  }
}
