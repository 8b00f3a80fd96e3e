// The Received field. RFC 5321 §4.4, RFC 5322 §2.1.1, §3.3, §3.6.7.
#include "proxy/mail/received.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/mail/make_account.hpp"

namespace homeward::mail {
namespace {

using std::chrono::sys_days;

TraceFacts facts() {
  return TraceFacts{
      .hostname = "gate.home.example",
      .client_name = "laptop",
      .client = ip("10.0.0.7"),
      .esmtp = true,
      .hide_client = false,
      .id = "4f3a9c",
      .when = sys_days{std::chrono::July / 4 / 2026} + std::chrono::hours(9) + std::chrono::seconds(5)};
}

TEST_CASE("received: the field names client, host, protocol, id and time") {
  CHECK(received_field(facts()) ==
        "Received: from laptop ([10.0.0.7]) by gate.home.example (homeward)\r\n"
        "\twith ESMTP id 4f3a9c; Sat, 04 Jul 2026 09:00:05 +0000\r\n");
}

TEST_CASE("received: a hidden client leaves neither its name nor its address") {
  auto hidden = facts();
  hidden.hide_client = true;
  CHECK(received_field(hidden) ==
        "Received: by gate.home.example (homeward) with ESMTP id 4f3a9c;\r\n"
        "\tSat, 04 Jul 2026 09:00:05 +0000\r\n");
}

TEST_CASE("received: a client that said HELO came with SMTP") {
  auto old = facts();
  old.esmtp = false;
  CHECK(received_field(old).contains("with SMTP id"));
}

TEST_CASE("received: an IPv6 client is written as an address literal") {
  auto six = facts();
  six.client = ip("2001:db8::7");
  CHECK(received_field(six).starts_with("Received: from laptop ([IPv6:2001:db8::7])"));
}

TEST_CASE(
    "received: a host that has an address for its name is written as an address literal, and known again") {
  auto nameless = facts();
  nameless.hostname = "192.0.2.1";
  const auto field = received_field(nameless);
  CHECK(field.contains(" by [192.0.2.1] (homeward)"));
  LoopWatch watch("192.0.2.1");
  watch.feed(field + field);
  CHECK(watch.is_loop());
}

TEST_CASE("received: the name a client gives itself cannot leave its place") {
  struct Case {
    std::string given;
    std::string_view written;
  };
  const auto c =
      GENERATE(Case{"mail.isp.example", "mail.isp.example"}, Case{"[192.168.1.5]", "[192.168.1.5]"},
               Case{"[IPv6:2001:db8::7]", "[IPv6:2001:db8::7]"}, Case{"", "[10.0.0.7]"},
               Case{"ANN-PC_2", "ANN-PC_2"}, Case{"x) by evil", "x??by?evil"}, Case{"(comment)", "?comment?"},
               Case{"a\r\nX-Evil: 1", "a??X-Evil??1"}, Case{"a;b\"c\\d<e>@f,g", "a?b?c?d?e??f?g"},
               Case{"[1.2.3.4] (x", "?1.2.3.4???x"}, Case{"[not an address]", "?not?an?address?"},
               Case{"b\xc3\xbc"
                    "cher.example",
                    "b??cher.example"},
               Case{std::string("a\0b", 3), "a?b"});
  auto f = facts();
  f.client_name = c.given;
  CAPTURE(c.given);
  const auto field = received_field(f);
  const auto expected = "Received: from " + std::string(c.written) + " ([10.0.0.7])";
  CHECK(field.substr(0, expected.size()) == expected);
}

TEST_CASE("received: an overlong client name is cut to what a domain may have") {
  auto f = facts();
  f.client_name = std::string(5000, 'a');
  CHECK(received_field(f).starts_with("Received:\r\n\tfrom " + std::string(255, 'a') +
                                      " ([10.0.0.7])\r\n\tby "));
}

TEST_CASE("received: lines stay below 78 where their words allow it, and every fold begins with a blank") {
  auto f = facts();
  f.hostname = GENERATE(as<std::string>(), "a", "gate.home.example",
                        "a-rather-long-name-of-a-gateway.in-some-office.department.company.example");
  f.client_name =
      GENERATE(as<std::string>(), "pc", "printer-on-the-third-floor.in-some-office.company.example");
  f.id = GENERATE(as<std::string>(), "1", "0123456789abcdef0123456789abcdef");
  const auto field = received_field(f);
  CAPTURE(field);
  std::string_view rest = field;
  for (bool first = true; !rest.empty(); first = false) {
    const auto end = rest.find("\r\n");
    REQUIRE(end != std::string_view::npos);
    const auto line = rest.substr(0, end);
    CHECK(first != line.starts_with('\t'));
    const bool one_clause = line.contains("(homeward)") || line.starts_with("\tfrom");
    CHECK((line.size() < 78 || one_clause));
    rest.remove_prefix(end + 2);
  }
}

TEST_CASE("received: the date is written in UTC with two digits each") {
  struct Case {
    std::chrono::system_clock::time_point when;
    std::string_view written;
  };
  const auto c =
      GENERATE(Case{sys_days{std::chrono::January / 1 / 1970}, "Thu, 01 Jan 1970 00:00:00 +0000"},
               Case{sys_days{std::chrono::February / 29 / 2028} + std::chrono::milliseconds(86'399'999),
                    "Tue, 29 Feb 2028 23:59:59 +0000"},
               Case{sys_days{std::chrono::December / 31 / 2026} + std::chrono::minutes(61),
                    "Thu, 31 Dec 2026 01:01:00 +0000"});
  auto f = facts();
  f.when = c.when;
  CHECK(received_field(f).ends_with(" " + std::string(c.written) + "\r\n"));
}

}  // namespace
}  // namespace homeward::mail
