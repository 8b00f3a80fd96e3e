// Command lines as clients of all kinds send them. RFC 5321 §4.1.1.
#include "proxy/smtp/command_parser.hpp"

#include "tests/support/catch.hpp"

using homeward::smtp::parse_command;
using homeward::smtp::Quirk;
using homeward::smtp::QuirkSet;

namespace smtp = homeward::smtp;

namespace {

template <class Kind>
Kind parsed_as(std::string_view line, QuirkSet quirks = {}) {
  CAPTURE(line);
  auto parsed = parse_command(line, quirks);
  INFO((parsed ? std::string() : parsed.error().reply.text));
  REQUIRE(parsed.has_value());
  REQUIRE(std::holds_alternative<Kind>(parsed->command));
  return std::get<Kind>(std::move(parsed->command));
}

void check_refused(std::string_view line, int code, std::string_view enhanced, std::string_view words,
                   QuirkSet quirks = {}) {
  CAPTURE(line);
  const auto parsed = parse_command(line, quirks);
  REQUIRE_FALSE(parsed.has_value());
  const auto& reply = parsed.error().reply;
  CHECK(parsed.error().fault == homeward::Fault::client);
  CHECK(reply.code == code);
  CHECK(to_string(reply.enhanced) == enhanced);
  CAPTURE(reply.text);
  CHECK(reply.text.find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("smtp: commands are known in any case, with blanks behind them") {
  for (const auto* line : {"DATA", "data", "DaTa", "DATA  ", "DATA\t "}) parsed_as<smtp::DataCommand>(line);
  parsed_as<smtp::Rset>("RSET ");
  parsed_as<smtp::Quit>("quit");
  parsed_as<smtp::StartTls>("starttls");
  CHECK(parsed_as<smtp::Ehlo>("ehlo  mx.example ").client_name == "mx.example");
}

TEST_CASE("smtp: commands that take anything take it") {
  for (const auto* argument : {"", " ", " x", " a b  c", " <a@b>"}) {
    parsed_as<smtp::Noop>(std::string("NOOP") + argument);
    parsed_as<smtp::Help>(std::string("HELP") + argument);
    parsed_as<smtp::Vrfy>(std::string("VRFY") + argument);
    parsed_as<smtp::Expn>(std::string("EXPN") + argument);
  }
}

TEST_CASE("smtp: commands that take no argument refuse one") {
  for (const std::string verb : {"DATA", "RSET", "QUIT", "STARTTLS"}) {
    check_refused(verb + " x", 501, "5.5.4", verb + " takes no argument");
  }
}

TEST_CASE("smtp: a greeting takes any name devices have") {
  for (const std::string name : {"mx.example", "localhost", "[127.0.0.1]", "127.0.0.1", "::1", "[IPv6:::1]",
                                 "my_scanner", "PRINTER-1.local.", "Office Scanner", "x"}) {
    CHECK(parsed_as<smtp::Helo>("HELO " + name).client_name == name);
    CHECK(parsed_as<smtp::Ehlo>("EHLO " + name).client_name == name);
  }
  CHECK(parsed_as<smtp::Ehlo>("EHLO " + std::string(255, 'a')).client_name.size() == 255);
}

TEST_CASE("smtp: a greeting needs a name of bearable length") {
  check_refused("EHLO", 501, "5.5.4", "write EHLO client.example");
  check_refused("HELO  ", 501, "5.5.4", "write HELO client.example");
  check_refused("EHLO " + std::string(256, 'a'), 501, "5.5.4", "255");
}

TEST_CASE("smtp: a line of anything but printable ASCII is refused before it is read") {
  struct Case {
    std::string line;
    std::string words;
  };
  const std::vector<Case> cases{
      {std::string("NO\0OP", 5), "octet 00"},
      {"NOOP\rRSET", "octet 0d"},
      {"NOOP\r", "octet 0d"},
      {"RSET\nNOOP", "octet 0a"},
      {"NOOP\x1b", "octet 1b"},
      {"NOOP\x7f", "octet 7f"},
      {"MAIL\tFROM:<a@b>", "octet 09"},
      {"MAIL FROM:<a\rb@c>", "octet 0d"},
      {"RCPT TO:<\xc3\xa9@x.example>", "SMTPUTF8"},
      {"EHLO caf\xe9", "non-ASCII"},
      {"\x16\x03\x01", "octet 16"},
  };
  for (const auto& c : cases) check_refused(c.line, 500, "5.5.2", c.words, QuirkSet::all());
}

TEST_CASE("smtp: a line must start with a command") {
  check_refused("", 500, "5.5.2", "empty");
  check_refused("   ", 500, "5.5.2", "empty");
  check_refused(" EHLO x", 500, "5.5.2", "blank");
}

TEST_CASE("smtp: unknown commands are not recognised and not repeated") {
  for (const auto* line : {"FOO", "XEHLO x", "EHLOx y", "MAILFROM:<a@b>", "BDAT 10 LAST", "EHL", "HELO:x",
                           "DATA.", "dXNlcgBwYXNzd29yZA==", "STARTTLS:", "AUTHPLAIN x"}) {
    CAPTURE(line);
    const auto parsed = parse_command(line, QuirkSet::all());
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().reply == homeward::StatusReply{500, {5, 5, 1}, "Command not recognised"});
    CHECK(parsed.error().detail.empty());
  }
}

TEST_CASE("smtp: a browser is known by its method or its version") {
  struct Case {
    std::string line;
    std::string verb;
  };
  const std::vector<Case> cases{
      {"GET / HTTP/1.1", "GET"}, {"POST /x HTTP/1.0", "POST"},
      {"put / HTTP/1.1", "PUT"}, {"HEAD", "HEAD"},
      {"OPTIONS *", "OPTIONS"},  {"CONNECT mx.example:25 HTTP/1.1", "CONNECT"},
      {"DELETE /a", "DELETE"},   {"PATCH /a", "PATCH"},
      {"TRACE /", "TRACE"},      {"PROPFIND /a HTTP/1.1", "PROPFIND"},
      {"PRI * HTTP/2.0", "PRI"},
  };
  for (const auto& c : cases) CHECK(parsed_as<smtp::HttpVerb>(c.line).verb == c.verb);
  check_refused("GETX /", 500, "5.5.1", "not recognised");
}

TEST_CASE("smtp: AUTH is read with and without an initial response") {
  CHECK(parsed_as<smtp::Auth>("AUTH login").mechanism == "LOGIN");
  CHECK_FALSE(parsed_as<smtp::Auth>("AUTH LOGIN ").initial_response.has_value());
  CHECK(parsed_as<smtp::Auth>("AUTH LOGIN dXNlcg==").initial_response == "dXNlcg==");
  CHECK(parsed_as<smtp::Auth>("auth EXTERNAL =").initial_response == "");
  CHECK(parsed_as<smtp::Auth>("AUTH  SCRAM-SHA-256-PLUS   biws ").initial_response == "biws");
}

TEST_CASE("smtp: AUTH of a wrong shape is refused without repeating it") {
  for (const auto* line :
       {"AUTH", "AUTH =", "AUTH PL/AIN x", "AUTH A-NAME-OF-MORE-THAN-20 x", "AUTH PLAIN a b"}) {
    check_refused(line, 501, "5.5.4", "AUTH");
  }
}

TEST_CASE("smtp: MAIL is read with its path and parameters") {
  const auto mail = parsed_as<smtp::Mail>("mail from:<Ann@X.example> size=10 BODY=8BITMIME");
  REQUIRE(mail.from.mailbox.has_value());
  CHECK(mail.from.mailbox->to_string() == "Ann@x.example");
  CHECK(mail.parameters.size == 10);
  CHECK(mail.parameters.body == smtp::BodyType::eight_bit_mime);
  CHECK(parsed_as<smtp::Mail>("MAIL FROM:<>").from.is_null());
  CHECK_FALSE(parsed_as<smtp::Mail>("MAIL   FROM:<a@b.example> ").from.is_null());
}

TEST_CASE("smtp: MAIL and RCPT need their colon and each other's word will not do") {
  for (const auto* line :
       {"MAIL", "MAIL <a@b>", "MAIL FROM <a@b>", "MAIL FROM :<a@b>", "MAIL TO:<a@b>", "MAIL F"}) {
    check_refused(line, 501, "5.5.4", "write MAIL FROM:<name@domain>", QuirkSet::all());
  }
  for (const auto* line : {"RCPT", "RCPT <a@b>", "RCPT TO <a@b>", "RCPT TO :<a@b>", "RCPT FROM:<a@b>"}) {
    check_refused(line, 501, "5.5.4", "write RCPT TO:<name@domain>", QuirkSet::all());
  }
}

TEST_CASE("smtp: errors of path and parameters come through") {
  check_refused("MAIL FROM:<ann>", 501, "5.1.7", "Sender address has no @");
  check_refused("RCPT TO:<>", 501, "5.1.3", "Recipient address is empty");
  check_refused("MAIL FROM:<a@b.example> SMTPUTF8", 555, "5.5.4", "SMTPUTF8");
  check_refused("RCPT TO:<a@b.example> NOTIFY=X", 501, "5.5.4", "NOTIFY");
  check_refused("MAIL FROM: <a@b.example>", 501, "5.1.7", "blank");
}

TEST_CASE("smtp: what was mended in a command is told") {
  const auto seen = [](std::string_view line) {
    const auto parsed = parse_command(line, QuirkSet::all());
    REQUIRE(parsed.has_value());
    return parsed->seen;
  };
  CHECK(seen("MAIL FROM:<a@b.example>").empty());
  QuirkSet both;
  both.add(Quirk::address_space);
  CHECK(seen("MAIL FROM: <a@b.example>") == both);
  both.add(Quirk::missing_brackets);
  CHECK(seen("RCPT TO: a@b.example") == both);
  CHECK(seen("NOOP").empty());
}
