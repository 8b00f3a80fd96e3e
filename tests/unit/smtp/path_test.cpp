// Mailboxes and paths. RFC 5321 §4.1.2, §4.1.3, §4.5.3.1.
#include "proxy/smtp/path.hpp"

#include <random>
#include <vector>

#include "proxy/base/text.hpp"
#include "tests/support/catch.hpp"

using homeward::smtp::ForwardPath;
using homeward::smtp::Mailbox;
using homeward::smtp::parse_forward_path;
using homeward::smtp::parse_reverse_path;
using homeward::smtp::Quirk;
using homeward::smtp::QuirkSet;

namespace {

QuirkSet only(Quirk quirk) {
  QuirkSet set;
  set.add(quirk);
  return set;
}

/// "<path>|rest", or "code enhanced text".
std::string reverse(std::string_view argument, QuirkSet quirks = {}) {
  QuirkSet seen;
  const auto parsed = parse_reverse_path(argument, quirks, seen);
  if (parsed) return parsed->path.to_string() + "|" + std::string(parsed->rest);
  const auto& reply = parsed.error().reply;
  return std::to_string(reply.code) + " " + to_string(reply.enhanced) + " " + reply.text;
}

std::string forward(std::string_view argument, QuirkSet quirks = {}) {
  QuirkSet seen;
  const auto parsed = parse_forward_path(argument, quirks, seen);
  if (parsed) return parsed->path.to_string() + "|" + std::string(parsed->rest);
  const auto& reply = parsed.error().reply;
  return std::to_string(reply.code) + " " + to_string(reply.enhanced) + " " + reply.text;
}

std::string labels(std::size_t octets) {
  std::string domain;
  while (domain.size() + 64 <= octets) domain += std::string(63, 'd') + '.';
  return domain + std::string(octets - domain.size(), 'd');
}

}  // namespace

TEST_CASE("smtp: mailboxes are parsed and written anew") {
  struct Case {
    std::string text;
    std::string local_part;
    std::string domain;
    std::string written;
  };
  const std::vector<Case> cases{
      {"ann@x.example", "ann", "x.example", "ann@x.example"},
      {"Ann.B+tag@X.Example", "Ann.B+tag", "x.example", "Ann.B+tag@x.example"},
      {"!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~", "x", "!#$%&'*+-/=?^_`{|}~@x"},
      {"a@localhost", "a", "localhost", "a@localhost"},
      {"a@my_host.lan", "a", "my_host.lan", "a@my_host.lan"},
      {"a@1.2.3.4", "a", "1.2.3.4", "a@1.2.3.4"},
      {"\"ann\"@x", "ann", "x", "ann@x"},
      {R"("a b"@x)", "a b", "x", R"("a b"@x)"},
      {R"("a@b"@x)", "a@b", "x", R"("a@b"@x)"},
      {R"("a\"b\\c\d"@x)", R"(a"b\cd)", "x", R"("a\"b\\cd"@x)"},
      {R"(".a"@x)", ".a", "x", R"(".a"@x)"},
      {R"("a..b."@x)", "a..b.", "x", R"("a..b."@x)"},
      {R"(""@x)", "", "x", R"(""@x)"},
      {R"("<a>"@x)", "<a>", "x", R"("<a>"@x)"},
      {"a@[1.2.3.4]", "a", "[1.2.3.4]", "a@[1.2.3.4]"},
      {"a@[IPv6:2001:DB8::1]", "a", "[ipv6:2001:db8::1]", "a@[ipv6:2001:db8::1]"},
      {"a@[ipv6:::ffff:1.2.3.4]", "a", "[ipv6:::ffff:1.2.3.4]", "a@[ipv6:::ffff:1.2.3.4]"},
      {std::string(64, 'l') + "@x", std::string(64, 'l'), "x", std::string(64, 'l') + "@x"},
      {"a@" + labels(255), "a", labels(255), "a@" + labels(255)},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto mailbox = Mailbox::parse(c.text);
    REQUIRE(mailbox.has_value());
    CHECK(mailbox->local_part() == c.local_part);
    CHECK(mailbox->domain() == c.domain);
    CHECK(mailbox->to_string() == c.written);
  }
}

TEST_CASE("smtp: what is no mailbox is refused in words") {
  struct Case {
    std::string text;
    std::string words;
  };
  const std::vector<Case> cases{
      {"", "is empty"},
      {"ann", "has no @"},
      {"@x.example", "nothing before the @"},
      {"ann@", "nothing behind the @"},
      {".ann@x", "starts with a dot"},
      {"ann.@x", "dot right before the @"},
      {"a..b@x", "two dots in a row"},
      {"a b@x", "holds a blank"},
      {"a@b@c", "holds @ in its domain"},
      {"a,b@x", "holds , in its local part"},
      {"a<b@x", "holds < in its local part"},
      {"a\"b@x", "holds \" in its local part"},
      {"a\\b@x", "holds \\ in its local part"},
      {"\"a@x", "not closed"},
      {"\"a\\", "not closed"},
      {"\"a\\\"@x", "not closed"},
      {"\"a\"b@x", "closing quotation mark"},
      {"\"a\"", "has no @"},
      {"a@x.", "ends in a dot"},
      {"a@.x", "empty part"},
      {"a@x..y", "empty part"},
      {"a@-x", "hyphen"},
      {"a@x-.y", "hyphen"},
      {"a@x y", "holds a blank in its domain"},
      {"a@x>", "holds > in its domain"},
      {"a@x!y", "holds ! in its domain"},
      {"a@[1.2.3]", "no IP address"},
      {"a@[1.2.3.4", "no IP address"},
      {"a@[]", "no IP address"},
      {"a@[1.2.3.4]x", "no IP address"},
      {"a@[1.2.3.256]", "no IP address"},
      {"a@[2001:db8::1]", "no IP address"},
      {"a@[IPv6:1.2.3.4]", "no IP address"},
      {"a@[IPv6:x]", "no IP address"},
      {"a@[IPv6:fe80::1%eth0]", "no IP address"},
      {"a@[X:y]", "no IP address"},
      {"\xc3\xa9@x", "SMTPUTF8"},
      {"a@\xc3\xa9", "SMTPUTF8"},
      {"a\r\nRSET@x", "control"},
      {"\"a\tb\"@x", "control"},
      {std::string("a\0@x", 4), "control"},
      {"a\x7f@x", "control"},
      {std::string("a@[1.2.3.4\0]", 12), "control"},
      {std::string(65, 'l') + "@x", "more than 64"},
      {"a@" + labels(256), "more than 255"},
      {"a@" + std::string(64, 'd'), "more than 63"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto mailbox = Mailbox::parse(c.text);
    REQUIRE_FALSE(mailbox.has_value());
    CAPTURE(mailbox.error());
    CHECK(mailbox.error().find(c.words) != std::string::npos);
    CHECK_FALSE(homeward::text::has_control(mailbox.error()));
  }
}

TEST_CASE("smtp: the same mailbox is known without case") {
  const auto same = [](std::string_view a, std::string_view b) {
    return Mailbox::parse(a).value() == Mailbox::parse(b).value();
  };
  CHECK(same("Ann@x.example", "aNN@X.EXAMPLE"));
  CHECK(same("\"ann\"@x.example", "ann@x.example"));
  CHECK_FALSE(same("ann@x.example", "anna@x.example"));
  CHECK_FALSE(same("ann@x.example", "ann@y.example"));
}

TEST_CASE("smtp: any local part is written so that it reads back") {
  std::mt19937 random(20250101);  // fixed: a failure must come again
  std::uniform_int_distribution<std::size_t> length(0, 30);
  std::uniform_int_distribution<int> octet(0x20, 0x7e);
  std::uniform_int_distribution<std::size_t> choice(0, 9);
  constexpr std::string_view kCommon = "ab.\"\\@ <>z";
  for (int round = 0; round < 5000; ++round) {
    std::string name;
    for (auto left = length(random); left > 0; --left) {
      name += choice(random) < 7 ? kCommon[choice(random)] : static_cast<char>(octet(random));
    }
    std::string quoted = "\"";
    for (const char c : name) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    quoted += "\"@Host.example";
    CAPTURE(quoted);
    const auto mailbox = Mailbox::parse(quoted);
    REQUIRE(mailbox.has_value());
    REQUIRE(mailbox->local_part() == name);
    const auto again = Mailbox::parse(mailbox->to_string());
    REQUIRE(again.has_value());
    REQUIRE(again->local_part() == name);
    REQUIRE(again->domain() == "host.example");
    REQUIRE(again->to_string() == mailbox->to_string());
  }
}

TEST_CASE("smtp: any octets are a mailbox that reads back, or none") {
  std::mt19937 random(7);
  std::uniform_int_distribution<std::size_t> length(0, 24);
  constexpr std::string_view kAlphabet = "aB1.-_@@\"\\ <>[]:,I\x01\xc3\x7f";
  std::uniform_int_distribution<std::size_t> letter(0, kAlphabet.size() - 1);
  int mailboxes = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (auto left = length(random); left > 0; --left) text += kAlphabet[letter(random)];
    const auto mailbox = Mailbox::parse(text);
    if (!mailbox) continue;
    ++mailboxes;
    const auto again = Mailbox::parse(mailbox->to_string());
    CAPTURE(text);
    REQUIRE(again.has_value());
    REQUIRE(again->local_part() == mailbox->local_part());
    REQUIRE(again->domain() == mailbox->domain());
  }
  CHECK(mailboxes > 100);  // else nothing was tested
}

TEST_CASE("smtp: paths are read with what follows them") {
  CHECK(reverse("<ann@X.example>") == "<ann@x.example>|");
  CHECK(reverse("<ann@x.example>  SIZE=1 BODY=7BIT") == "<ann@x.example>|SIZE=1 BODY=7BIT");
  CHECK(reverse("<>") == "<>|");
  CHECK(reverse("<> SIZE=1") == "<>|SIZE=1");
  CHECK(reverse(R"(<"a> b"@x> SIZE=1)") == R"(<"a> b"@x>|SIZE=1)");
  CHECK(reverse(R"(<"a\"> b"@x> SIZE=1)") == R"(<"a\"> b"@x>|SIZE=1)");
  CHECK(forward("<ann@x.example>") == "<ann@x.example>|");
  CHECK(forward("<root>") == "<root>|");
  CHECK(forward("<Postmaster> X=1") == "<Postmaster>|X=1");
  CHECK(forward(R"(<"night watch">)") == R"(<"night watch">|)");
}

TEST_CASE("smtp: an unqualified recipient is kept as a name") {
  QuirkSet seen;
  const auto parsed = parse_forward_path("<root>", {}, seen);
  REQUIRE(parsed.has_value());
  CHECK_FALSE(parsed->path.mailbox.has_value());
  CHECK(parsed->path.unqualified == "root");
}

TEST_CASE("smtp: source routes are read and dropped") {
  CHECK(reverse("<@a.example:ann@x.example>") == "<ann@x.example>|");
  CHECK(forward("<@a.example,@b.example:ann@x.example> Y") == "<ann@x.example>|Y");
  for (const auto* argument :
       {"<@:ann@x>", "<@a,:ann@x>", "<@a,b:ann@x>", "<@a..b:ann@x>", "<@a @b:ann@x>", "<@[1.2.3.4]:ann@x>"}) {
    CAPTURE(argument);
    CHECK(forward(argument).substr(0, 9) == "501 5.1.3");
    CHECK(forward(argument).find("source route") != std::string::npos);
  }
  CHECK(reverse("<@a.example:>").substr(0, 9) == "501 5.1.7");
  CHECK(forward("<@a.example:root>").find("has no @") != std::string::npos);
  CHECK(reverse("<@a.example>").find("nothing before the @") != std::string::npos);
}

TEST_CASE("smtp: a broken path is refused and says what to write") {
  CHECK(reverse("") == "501 5.1.7 Sender address is missing: write MAIL FROM:<name@domain>");
  CHECK(forward("") == "501 5.1.3 Recipient address is missing: write RCPT TO:<name@domain>");
  CHECK(reverse("<ann>") == "501 5.1.7 Sender address has no @: write it as name@domain");
  CHECK(reverse("<ann@x.example") == "501 5.1.7 Sender address has no closing >");
  CHECK(reverse("<\"ann@x.example>") == "501 5.1.7 Sender address has a quotation mark that is not closed");
  CHECK(reverse("<\"ann\\") == "501 5.1.7 Sender address has a quotation mark that is not closed");
  CHECK(reverse("<a@x>SIZE=1") == "501 5.1.7 Sender address has text right behind its >: put a blank there");
  CHECK(reverse("<<a@x>>").substr(0, 9) == "501 5.1.7");
  CHECK(forward("<>") == "501 5.1.3 Recipient address is empty: <> can only be a sender");
  CHECK(forward("<\xc3\xa9>").find("SMTPUTF8") != std::string::npos);
  CHECK(forward("<a b>").substr(0, 9) == "501 5.1.3");
}

TEST_CASE("smtp: a path that is too long is refused as such") {
  CHECK(reverse("<" + std::string(65, 'l') + "@x>").substr(0, 9) == "553 5.1.7");
  CHECK(forward("<" + std::string(65, 'l') + "@x>").substr(0, 9) == "553 5.1.3");
  CHECK(forward("<a@" + labels(256) + ">").substr(0, 9) == "553 5.1.3");
  CHECK(forward("<a@" + labels(252) + ">").substr(0, 2) == "<a");  // 256 with < and >
  CHECK(forward("<a@" + labels(253) + ">").substr(0, 9) == "553 5.1.3");
  CHECK(forward("<" + std::string(65, 'l') + ">").substr(0, 3) == "553");
}

TEST_CASE("smtp: a blank before or within the brackets is mended where tolerated") {
  const auto tolerated = only(Quirk::address_space);
  for (const auto* argument : {" <a@x>", "   <a@x>", "< a@x>", "<a@x >", " < a@x > "}) {
    CAPTURE(argument);
    CHECK(reverse(argument, tolerated) == "<a@x>|");
    CHECK(reverse(argument).substr(0, 9) == "501 5.1.7");
    QuirkSet seen;
    REQUIRE(parse_reverse_path(argument, tolerated, seen).has_value());
    CHECK(seen == tolerated);
  }
  CHECK(reverse(" <> SIZE=1", tolerated) == "<>|SIZE=1");
  CHECK(reverse("< >", tolerated) == "<>|");
  CHECK(reverse("< >").substr(0, 9) == "501 5.1.7");
  QuirkSet unused;
  REQUIRE(parse_reverse_path("<a@x> SIZE=1", tolerated, unused).has_value());
  CHECK(unused.empty());
}

TEST_CASE("smtp: missing brackets are mended where tolerated") {
  const auto tolerated = only(Quirk::missing_brackets);
  CHECK(reverse("a@x SIZE=1", tolerated) == "<a@x>|SIZE=1");
  CHECK(forward("root", tolerated) == "<root>|");
  CHECK(reverse("a@x") == "501 5.1.7 Sender address has no < and >: write MAIL FROM:<name@domain>");
  CHECK(reverse(" a@x", tolerated).substr(0, 9) == "501 5.1.7");
  CHECK(reverse(" a@x", QuirkSet::all()) == "<a@x>|");
  CHECK(reverse("a@x>", tolerated).substr(0, 9) == "501 5.1.7");
  QuirkSet seen;
  REQUIRE(parse_reverse_path("a@x", QuirkSet::all(), seen).has_value());
  CHECK(seen == tolerated);
}
