// What the provider in the box says: whom it relays for, when it lets log in, whose sender it takes. The
// words are those that the story and its tests look for. RFC 5321, RFC 6409, RFC 4954.
#include <string>
#include <vector>

#include "auth/sasl_library.hpp"
#include "proxy/app/sandbox/home_dialog.hpp"
#include "proxy/base/base64.hpp"
#include "tests/support/catch.hpp"

namespace homeward::app::sandbox {
namespace {

const Home& home() {
  static const auto library = auth::SaslLibrary::start(auth::SaslLibrary::Sides::client_and_server);
  REQUIRE(library);
  static const auto made = Home::make("ann", "ann@isp.example", Secret("correct horse"));
  REQUIRE(made);
  return *made;
}

IpAddress own() {
  return IpAddress::from_v4({127, 0, 1, 5});
}
IpAddress strange() {
  return IpAddress::from_v4({127, 0, 0, 1});
}

std::string wire_of(const HomeAnswer& answer) {
  return smtp::to_wire(answer.reply);
}

std::string say(HomeDialog& dialog, std::string_view line) {
  return wire_of(dialog.on_line({line}));
}

/// A dialog at the point behind EHLO, inside TLS.
HomeDialog in_tls(HomePort port = HomePort::submission) {
  HomeDialog dialog(home(), port, strange());
  dialog.on_tls_up(std::nullopt);
  say(dialog, "EHLO laptop.lan");
  return dialog;
}

std::string plain(std::string_view user, std::string_view password) {
  std::string bytes(1, '\0');
  bytes += user;
  bytes += '\0';
  bytes += password;
  return "AUTH PLAIN " + base64::encode(bytes);
}

HomeDialog logged_in() {
  auto dialog = in_tls();
  REQUIRE(say(dialog, plain("ann", "correct horse")).starts_with("235 2.7.0"));
  return dialog;
}

TEST_CASE("sandbox: what is not offered is not taken") {
  auto dialog = in_tls();
  CHECK(say(dialog, "EHLO laptop.lan").find("DSN") == std::string::npos);
  REQUIRE(say(dialog, plain("ann", "correct horse")).starts_with("235 2.7.0"));
  for (const auto* line : {"MAIL FROM:<ann@isp.example> RET=HDRS", "MAIL FROM:<ann@isp.example> ENVID=x"}) {
    CHECK(say(dialog, line).starts_with("555 5.5.4 "));
  }
  REQUIRE(say(dialog, "MAIL FROM:<ann@isp.example>").starts_with("250 "));
  for (const auto* line : {"RCPT TO:<b@x.example> NOTIFY=NEVER", "RCPT TO:<b@x.example> ORCPT=rfc822;b"}) {
    CHECK(say(dialog, line).starts_with("555 5.5.4 "));
  }
}

TEST_CASE("sandbox: relaying by network, on the plain port") {
  struct Row {
    IpAddress client;
    const char* to;
    const char* answer;
  };
  const Row rows[] = {
      {own(), "bob@elsewhere.example", "250 2.1.5 "},
      {strange(), "bob@elsewhere.example", "550 <bob@elsewhere.example>... Relaying Denied\r\n"},
      {strange(), "ben@isp.example", "250 2.1.5 "},
      {strange(), "ben@ISP.example", "250 2.1.5 "},
      {strange(), "ben@sub.isp.example", "550 <ben@sub.isp.example>... Relaying Denied\r\n"},
      {strange(), "postmaster", "250 2.1.5 "},
      {IpAddress::from_v4({127, 0, 2, 5}), "bob@x.example", "550 <bob@x.example>... Relaying Denied\r\n"},
  };
  for (const auto& [client, to, answer] : rows) {
    HomeDialog dialog(home(), HomePort::relay, client);
    say(dialog, "EHLO laptop.lan");
    CHECK(say(dialog, "MAIL FROM:<anybody@anywhere.example>").starts_with("250 "));
    CHECK_THAT(say(dialog, std::string("RCPT TO:<") + to + ">"), Catch::Matchers::StartsWith(answer));
  }
}

TEST_CASE("sandbox: a login is offered inside TLS alone, and never on the plain port") {
  HomeDialog relay(home(), HomePort::relay, own());
  const auto plainly = say(relay, "EHLO laptop.lan");
  CHECK(plainly.find("AUTH") == std::string::npos);
  CHECK(plainly.find("STARTTLS") == std::string::npos);
  CHECK(say(relay, plain("ann", "correct horse")).starts_with("502 "));
  CHECK(say(relay, "STARTTLS").starts_with("502 "));

  HomeDialog submission(home(), HomePort::submission, own());
  const auto outside = say(submission, "EHLO laptop.lan");
  CHECK(outside.find("STARTTLS") != std::string::npos);
  CHECK(outside.find("AUTH") == std::string::npos);
  CHECK(say(submission, plain("ann", "correct horse")).starts_with("530 5.7.0"));
  CHECK(say(submission, "MAIL FROM:<ann@isp.example>") == "530 5.7.0 Authentication required\r\n");

  const auto answer = submission.on_line({"STARTTLS"});
  CHECK(answer.next == HomeNext::start_tls);
  submission.on_tls_up(std::nullopt);
  CHECK(say(submission, plain("ann", "correct horse")).starts_with("503 "));  // EHLO was forgotten
  const auto inside = say(submission, "EHLO laptop.lan");
  CHECK(inside.find("STARTTLS") == std::string::npos);
  for (const auto* mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}) {
    CHECK(inside.find(mechanism) != std::string::npos);
  }
  CHECK(inside.find("-PLUS") == std::string::npos);  // nothing to bind to
}

TEST_CASE("sandbox: -PLUS is offered where the channel can be bound") {
  HomeDialog dialog(home(), HomePort::submissions, strange());
  dialog.on_tls_up(auth::ChannelBinding{"tls-exporter", std::string(32, 'x')});
  CHECK(say(dialog, "EHLO laptop.lan").find("SCRAM-SHA-256-PLUS") != std::string::npos);
}

TEST_CASE("sandbox: wrong passwords are refused, and too many end the session") {
  auto dialog = in_tls();
  CHECK(say(dialog, plain("ann", "wrong")).starts_with("535 5.7.8"));
  CHECK(say(dialog, plain("bob", "correct horse")).starts_with("535 5.7.8"));
  CHECK(say(dialog, "MAIL FROM:<ann@isp.example>").starts_with("530 5.7.0"));
  HomeAnswer last;
  for (unsigned i = 2; i < HomeDialog::kMaxLogins; ++i) last = dialog.on_line({plain("ann", "")});
  CHECK(wire_of(last).starts_with("421 "));
  CHECK(last.next == HomeNext::close);
}

TEST_CASE("sandbox: a login by challenges, given up and done") {
  auto dialog = in_tls();
  CHECK(say(dialog, "AUTH LOGIN") == "334 VXNlcm5hbWU6\r\n");
  CHECK(say(dialog, "*").starts_with("501 5.7.0"));
  CHECK(say(dialog, "AUTH LOGIN") == "334 VXNlcm5hbWU6\r\n");
  CHECK(say(dialog, "not base64").starts_with("501 5.5.2"));
  CHECK(say(dialog, "AUTH LOGIN") == "334 VXNlcm5hbWU6\r\n");
  CHECK(say(dialog, base64::encode("ann")) == "334 UGFzc3dvcmQ6\r\n");
  CHECK(say(dialog, base64::encode("correct horse")).starts_with("235 2.7.0"));
  CHECK(dialog.user() == "ann");
  CHECK(say(dialog, "AUTH LOGIN").starts_with("503 "));
}

TEST_CASE("sandbox: who has logged in sends to anybody, under the own address alone") {
  auto dialog = logged_in();
  CHECK(say(dialog, "MAIL FROM:<eve@isp.example>") ==
        "553 5.7.1 <eve@isp.example>: Sender address rejected: not owned by user ann\r\n");
  CHECK(say(dialog, "MAIL FROM:<ann@isp.example>").starts_with("250 2.1.0"));
  CHECK(say(dialog, "RCPT TO:<bob@elsewhere.example>").starts_with("250 2.1.5"));
  CHECK(say(dialog, "RSET").starts_with("250 "));
  CHECK(say(dialog, "MAIL FROM:<>").starts_with("250 2.1.0"));
  CHECK(dialog.protocol() == "ESMTPSA");
}

TEST_CASE("sandbox: what comes early behind STARTTLS, AUTH or DATA ends the session") {
  HomeDialog submission(home(), HomePort::submission, strange());
  say(submission, "EHLO laptop.lan");
  CHECK(submission.on_line({"STARTTLS", smtp::LineEnd::crlf, false, true}).next == HomeNext::close);
  auto login = in_tls();
  CHECK(login.on_line({"AUTH LOGIN", smtp::LineEnd::crlf, false, true}).next == HomeNext::close);
  auto data = logged_in();
  say(data, "MAIL FROM:<ann@isp.example>");
  say(data, "RCPT TO:<bob@elsewhere.example>");
  CHECK(data.on_line({"DATA", smtp::LineEnd::crlf, false, true}).next == HomeNext::close);
}

TEST_CASE("sandbox: commands out of order are refused") {
  HomeDialog dialog(home(), HomePort::relay, own());
  CHECK(say(dialog, "MAIL FROM:<a@b.example>").starts_with("503 "));
  say(dialog, "HELO laptop.lan");
  CHECK(say(dialog, "RCPT TO:<a@b.example>").starts_with("503 "));
  CHECK(say(dialog, "DATA").starts_with("503 "));
  say(dialog, "MAIL FROM:<a@b.example>");
  CHECK(say(dialog, "MAIL FROM:<a@b.example>").starts_with("503 "));
  CHECK(say(dialog, "DATA").starts_with("554 "));
  CHECK(wire_of(dialog.on_line({"NOOP", smtp::LineEnd::bare_lf})).starts_with("500 "));
  CHECK(dialog.on_line({"GET / HTTP/1.1"}).next == HomeNext::close);
}

TEST_CASE("sandbox: limits of recipients, size and errors hold") {
  HomeDialog dialog(home(), HomePort::relay, own());
  say(dialog, "EHLO laptop.lan");
  CHECK(say(dialog, "MAIL FROM:<a@b.example> SIZE=99999999999").starts_with("552 5.3.4"));
  say(dialog, "MAIL FROM:<a@b.example>");
  for (unsigned i = 0; i < home().max_recipients(); ++i) {
    REQUIRE(say(dialog, "RCPT TO:<a@b.example>").starts_with("250 "));
  }
  CHECK(say(dialog, "RCPT TO:<a@b.example>").starts_with("452 4.5.3"));
  HomeAnswer last;
  for (unsigned i = 0; i < HomeDialog::kMaxErrors; ++i) last = dialog.on_line({"NONSENSE"});
  CHECK(last.next == HomeNext::close);
}

}  // namespace
}  // namespace homeward::app::sandbox
