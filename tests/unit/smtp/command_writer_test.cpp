// Commands to an upstream server: what it offers alone, and nothing that could end a line. RFC 5321 §4.1.1,
// RFC 3461 §4, safety.md 2.8.
#include "proxy/smtp/command_writer.hpp"

#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::smtp {
namespace {

Capabilities everything() {
  return {.esmtp = true,
          .eight_bit_mime = true,
          .dsn = true,
          .size = true,
          .size_limit = {},
          .auth_mechanisms = {}};
}

ReversePath ann() {
  return {Mailbox::parse("ann@x.test").value()};
}

Recipient bob(RcptParameters parameters = {}) {
  return {.path = {.mailbox = Mailbox::parse("bob@y.test").value(), .unqualified = {}},
          .parameters = std::move(parameters)};
}

MailParameters asked() {
  return {.size = 9,
          .body = BodyType::eight_bit_mime,
          .auth_given = true,
          .ret = ReturnContent::headers,
          .envelope_id = "QQ+2B1"};
}

TEST_CASE("smtp: MAIL carries the parameters that the server offers") {
  auto offered = everything();
  CHECK(write_mail(ann(), asked(), offered).value() ==
        "MAIL FROM:<ann@x.test> SIZE=9 BODY=8BITMIME RET=HDRS ENVID=QQ+2B1\r\n");
  offered.dsn = false;
  CHECK(write_mail(ann(), asked(), offered).value() == "MAIL FROM:<ann@x.test> SIZE=9 BODY=8BITMIME\r\n");
  CHECK(write_mail(ann(), asked(), Capabilities{}).value() == "MAIL FROM:<ann@x.test>\r\n");
  CHECK(write_mail({}, {}, everything()).value() == "MAIL FROM:<>\r\n");
  auto full = MailParameters{};
  full.ret = ReturnContent::full;
  CHECK(write_mail({}, full, everything()).value() == "MAIL FROM:<> RET=FULL\r\n");
}

TEST_CASE("smtp: RCPT carries NOTIFY and ORCPT to a server that has DSN") {
  const auto to =
      bob({.notify = Notify{.success = true, .delay = true}, .original_recipient = "rfc822;B+20b@y.test"});
  CHECK(write_rcpt(to, everything()).value() ==
        "RCPT TO:<bob@y.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;B+20b@y.test\r\n");
  CHECK(write_rcpt(to, Capabilities{}).value() == "RCPT TO:<bob@y.test>\r\n");
  CHECK(write_rcpt(bob({.notify = Notify{}, .original_recipient = {}}), everything()).value() ==
        "RCPT TO:<bob@y.test> NOTIFY=NEVER\r\n");
  CHECK(write_rcpt(bob(), everything()).value() == "RCPT TO:<bob@y.test>\r\n");
}

// What no parser lets through; an entry of the spool has been on a disk meanwhile.
TEST_CASE("smtp: a parameter that could end the line, or begin another parameter, is not written") {
  const std::vector<std::string> bad{
      "a\r\nRCPT TO:<x@y>", "a\nb", "a b", "a=b", "a+", "a+0D+0A", "\xc3\xa9", std::string("a\0b", 3),
      std::string(501, 'x')};
  for (const auto& text : bad) {
    CAPTURE(text);
    auto parameters = asked();
    parameters.envelope_id = text;
    CHECK(write_mail(ann(), parameters, everything()).error().reply.code == 501);
    for (const auto& original : {text, "rfc822;" + text}) {
      CAPTURE(original);
      const auto written = write_rcpt(bob({.notify = {}, .original_recipient = original}), everything());
      CHECK_FALSE(written.has_value());
    }
  }
  for (const auto* original : {";bob", "a b;bob", "a\r\nb;bob", "a=b;bob", "\xc3\xa9;bob"}) {
    CHECK_FALSE(write_rcpt(bob({.notify = {}, .original_recipient = original}), everything()).has_value());
  }
}

TEST_CASE("smtp: EHLO names this host, an address in brackets") {
  CHECK(write_ehlo("mx.home.test").value() == "EHLO mx.home.test\r\n");
  CHECK(write_ehlo("192.0.2.1").value() == "EHLO [192.0.2.1]\r\n");
  CHECK(write_ehlo("2001:db8::1").value() == "EHLO [IPv6:2001:db8::1]\r\n");
  for (const auto* name : {"", "a b", "a\r\nb", "b\xc3\xbc"}) CHECK_FALSE(write_ehlo(name).has_value());
}

}  // namespace
}  // namespace homeward::smtp
