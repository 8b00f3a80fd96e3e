// Address lists of header fields. RFC 5322 §3.4, §4.4 and its appendix A.
#include "proxy/mail/address.hpp"

#include <fmt/format.h>

#include "proxy/base/text.hpp"
#include "tests/support/catch.hpp"

namespace homeward::mail {
namespace {

/// The paths with blanks between, or "error: …".
std::string read(std::string_view list) {
  const auto paths = parse_address_list(list);
  if (!paths) return "error: " + paths.error();
  std::vector<std::string> texts;
  for (const auto& path : *paths) texts.push_back(path.to_string());
  return text::join(texts, " ");
}

TEST_CASE("address: every form of a list gives its addresses") {
  struct Case {
    std::string_view list;
    std::string_view paths;
  };
  const auto c = GENERATE(
      Case{"ann@x.example", "<ann@x.example>"}, Case{"", ""}, Case{" , ,, ", ""},
      Case{"ann@x.example, bob@y.example", "<ann@x.example> <bob@y.example>"},
      Case{"Ann Smith <ann@x.example>", "<ann@x.example>"},
      Case{"\"Smith, Ann\" <ann@x.example>, root", "<ann@x.example> <root>"},
      Case{"\"a\\\"b, <c>\" <ann@x.example>", "<ann@x.example>"},
      Case{"John Q. Public <jq@x.example>", "<jq@x.example>"},
      Case{"=?utf-8?Q?J=C3=BCrg?= <j@x.example>", "<j@x.example>"},
      Case{"J\xc3\xbcrg <j@x.example>", "<j@x.example>"},
      Case{"ann@x.example (Ann, she \\) (nested, <no@x.example>))", "<ann@x.example>"},
      Case{"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "<pete@silly.test>"},
      Case{"A Group:Ed Jones <joe@where.test>,joe@where.test,John <jdoe@one.test>;",
           "<joe@where.test> <joe@where.test> <jdoe@one.test>"},
      Case{"Undisclosed recipients:;", ""},
      Case{"a@x.example, Team: b@x.example; , c@x.example", "<a@x.example> <b@x.example> <c@x.example>"},
      Case{"a@x.example; b@x.example", "<a@x.example> <b@x.example>"},
      Case{"<@route.example,@b.example:ann@x.example>", "<ann@x.example>"},
      Case{"ann @ x . example", "<ann@x.example>"}, Case{"ann@[192.0.2.1]", "<ann@[192.0.2.1]>"},
      Case{"\"ann smith\"@x.example", "<\"ann smith\"@x.example>"}, Case{"root", "<root>"},
      Case{"John.Smith", "<John.Smith>"}, Case{"<>", ""},
      Case{"ann@x.example,\r\n bob@y.example,\r\n\tcarl@z.example",
           "<ann@x.example> <bob@y.example> <carl@z.example>"});
  CAPTURE(c.list);
  CHECK(read(c.list) == c.paths);
}

TEST_CASE("address: what is no list of addresses is said in words") {
  struct Case {
    std::string_view list;
    std::string_view words;
  };
  const auto c = GENERATE(Case{"\"Ann <ann@x.example>", "error: has a quote that is never closed"},
                          Case{"Ann <ann@x.example", "error: has a '<' that is never closed"},
                          Case{"ann@x.example (Ann", "error: has a comment that is never closed"},
                          Case{"ann@[192.0.2.1", "error: has a bracket that is never closed"},
                          Case{"Ann Smith", "error: holds Ann Smith, which is no address"},
                          Case{"Ann ann@x.example", "error: holds Ann ann@x.example, which is no address"},
                          Case{"ann@x.example>", "error: has a '>' where none belongs"},
                          Case{"<a@x.example> <b@x.example>", "error: has a '<' where none belongs"},
                          Case{"<a@x.example, b@x.example>", "error: has a ',' inside of <>"},
                          Case{"A: B: c@x.example;", "error: has a ':' where none belongs"},
                          Case{std::string_view("ann\0@x.example", 14), "error: has a control character"},
                          Case{"ann\x1b[2J@x.example", "error: has a control character"});
  CAPTURE(c.list);
  CHECK(read(c.list) == c.words);
}

TEST_CASE("address: a broken mailbox is named with what is wrong") {
  CHECK_THAT(read("Ann <ann@@x.example>"),
             Catch::Matchers::StartsWith("error: holds ann@@x.example, which "));
  CHECK_THAT(read("@x.example"), Catch::Matchers::StartsWith("error: holds @x.example, which "));
  CHECK_THAT(read("\xc3\xbc@x.example"), Catch::Matchers::StartsWith("error: holds "));
}

TEST_CASE("address: a list is bounded in octets and addresses") {
  CHECK(read(std::string(kMaxListOctets + 1, ' ')) == "error: is too long");
  std::string many;
  for (std::size_t at = 0; at <= kMaxListAddresses; ++at) many += "a,";
  CHECK(read(many) == "error: has too many addresses");
  CHECK(read(std::string(100'000, '(')) == "error: has a comment that is never closed");
}

std::string shown(std::string_view text) {
  const auto listed = parse_mailbox_list(text);
  if (!listed) return "error: " + listed.error();
  std::string all;
  for (const auto& one : *listed) {
    CHECK(one.has_angle == (one.address_at.begin > 0 && text[one.address_at.begin - 1] == '<'));
    all += "[" + one.name + "|" + one.address + "|" + std::string(one.address_at.of(text)) + "|" +
           (one.mailbox ? "m" : "") + (one.in_group ? "g" : "") + (one.is_plain ? "p" : "") + "]";
  }
  return all;
}

TEST_CASE("address: a mailbox list tells names, addresses, and where they stand") {
  struct Case {
    std::string_view text;
    std::string_view shown;
  };
  const auto c = GENERATE(
      Case{"", ""}, Case{" (nobody) ", ""}, Case{"ann@x.example", "[|ann@x.example|ann@x.example|mp]"},
      Case{"Ann \"A. B\" (c) <ann@x.example> (d)", "[Ann A. B|ann@x.example|ann@x.example|mp]"},
      Case{"=?utf-8?q?J=C3=BC?=\r\n <a (c) @ x.example>",
           "[=?utf-8?q?J=C3=BC?=|a@x.example|a (c) @ x.example|mp]"},
      Case{"<@r.example:ann@x.example>", "[|ann@x.example|@r.example:ann@x.example|mp]"},
      Case{"Ann <>", "[Ann|||p]"}, Case{"root", "[|root|root|p]"},
      Case{"Ann Smith", "[|Ann Smith|Ann Smith|p]"},
      Case{"\"a b\"@x.example", "[|\"a b\"@x.example|\"a b\"@x.example|mp]"},
      Case{"a..b@x.example", "[|a..b@x.example|a..b@x.example|p]"},
      Case{"<ann@x.example> more", "[|ann@x.example|ann@x.example|m]"},
      Case{"T: A <a@x.example>;, b@x.example", "[A|a@x.example|a@x.example|mg][|b@x.example|b@x.example|m]"},
      Case{"Ann <ann@x.example", "error: has a '<' that is never closed"});
  CAPTURE(c.text);
  CHECK(shown(c.text) == c.shown);
}

TEST_CASE("address: a display name is quoted or encoded as it must be") {
  CHECK(write_display_name("Ann Smith") == "Ann Smith");
  CHECK(write_display_name("Smith, Ann") == "\"Smith, Ann\"");
  CHECK(write_display_name("Ann \"A\" \\") == "\"Ann \\\"A\\\" \\\\\"");
  CHECK(write_display_name("a\r\nBcc: b@x.example") == "\"aBcc: b@x.example\"");
  CHECK(write_display_name("J\xc3\xbcrg") == "=?UTF-8?B?SsO8cmc=?=");
  std::string umlauts;
  for (int at = 0; at < 40; ++at) umlauts += "\xc3\xbc";
  const auto written = write_display_name(umlauts);
  CHECK(written.find(' ') <= 75);  // one encoded-word
}

}  // namespace
}  // namespace homeward::mail
