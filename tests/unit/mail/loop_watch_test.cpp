// The watch for loops. RFC 5321 §6.3; product.md 5, "Trace".
#include "proxy/mail/received.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/mail/make_account.hpp"

namespace homeward::mail {
namespace {

constexpr std::string_view kHost = "gate.home.example";

bool is_loop(std::string_view content, std::string_view host = kHost) {
  LoopWatch watch(host);
  watch.feed(content);
  return watch.is_loop();
}

/// One Received field of some relay, `count` times.
std::string foreign_fields(int count, std::string_view field = "Received: by mx.isp.example; today\r\n") {
  std::string fields;
  for (int i = 0; i < count; ++i) fields += field;
  return fields;
}

/// The field that this host itself writes.
std::string own_field(std::string_view host = kHost, bool hide_client = false) {
  TraceFacts facts;
  facts.hostname = host;
  facts.client_name = "laptop";
  facts.client = ip("10.0.0.7");
  facts.hide_client = hide_client;
  facts.id = "4f3a9c";
  return received_field(facts);
}

TEST_CASE("loop: 99 Received fields are many, 100 are a loop") {
  CHECK_FALSE(is_loop(foreign_fields(99) + "\r\nbody\r\n"));
  CHECK(is_loop(foreign_fields(100) + "\r\nbody\r\n"));
  CHECK(is_loop(foreign_fields(100)));
}

TEST_CASE("loop: Received fields count whatever their case, blanks and folds") {
  const auto* const field =
      GENERATE("RECEIVED: by x; y\r\n", "received:by x; y\r\n", "Received : by x; y\r\n",
               "Received:\r\n\tby x;\r\n y\r\n", "Received:\r\n");
  CAPTURE(field);
  CHECK_FALSE(is_loop(foreign_fields(99, field) + "\r\n"));
  CHECK(is_loop(foreign_fields(100, field) + "\r\n"));
}

TEST_CASE("loop: what only resembles a Received field does not count") {
  const auto* const field = GENERATE("X-Received: by x; y\r\n", "Received-SPF: pass\r\n", "Receive: x\r\n",
                                     "Subject: Received: by x\r\n", "Subject: x\r\n Received: by x; y\r\n",
                                     "Received by x\r\n", ": Received\r\n", "\tReceived: by x\r\n");
  CAPTURE(field);
  CHECK_FALSE(is_loop(foreign_fields(200, field) + "\r\n"));
}

TEST_CASE("loop: the body is not looked at") {
  CHECK_FALSE(is_loop("Subject: x\r\n\r\n" + foreign_fields(200) + own_field() + own_field()));
  CHECK_FALSE(is_loop("\r\n" + foreign_fields(200)));
  // An empty line ends the header; a line of blanks alone is a folded line (RFC 5322 §4.2).
  CHECK(is_loop("Subject: x\r\n \r\n" + foreign_fields(100)));
}

TEST_CASE("loop: own trace once is a message that passes, twice is a loop") {
  const bool hidden = GENERATE(true, false);
  const auto own = own_field(kHost, hidden);
  CHECK_FALSE(is_loop(own + "Subject: x\r\n\r\n"));
  CHECK_FALSE(is_loop(own + foreign_fields(50) + "\r\n"));
  CHECK(is_loop(own + own + "\r\n"));
  CHECK(is_loop(own + foreign_fields(3) + own_field(kHost, !hidden)));
}

TEST_CASE("loop: own trace is known though a relay has changed its case and folds") {
  const auto* const again =
      GENERATE("Received: from laptop by GATE.Home.Example (Homeward) with ESMTP\r\n",
               "received:by gate.home.example (homeward)\r\n",
               "Received: by\r\n gate.home.example\r\n\t (homeward)\r\n",
               "Received: from a\r\n\tby  gate.home.example\t(homeward);\r\n today\r\n");
  CAPTURE(again);
  CHECK(is_loop(own_field() + again + "\r\n"));
  // Once, however many lines it has.
  CHECK_FALSE(is_loop(std::string(again) + "\r\n"));
}

TEST_CASE("loop: another host's trace is not own trace") {
  const auto* const other = GENERATE(
      "Received: by xgate.home.example (homeward) with ESMTP\r\n",
      "Received: by a.gate.home.example (homeward)\r\n", "Received: by gate.home.example.net (homeward)\r\n",
      "Received: by gate.home.example (Postfix)\r\n", "Received: by gate.home.example\r\n",
      "Received: from standby gate.home.examples (homeward)\r\n",
      "Received: from lobby gate.home.example (homeward)\r\n",
      "Received: by gateXhome.example (homeward)\r\n", "Subject: by gate.home.example (homeward)\r\n",
      "X-Received: by gate.home.example (homeward)\r\n",
      "Received: by x\r\nby gate.home.example (homeward): x\r\n");
  CAPTURE(other);
  CHECK_FALSE(is_loop(own_field() + other + other + other + "\r\n"));
}

TEST_CASE("loop: the mark written twice in one field is one hop") {
  CHECK_FALSE(
      is_loop("Received: by gate.home.example (homeward)\r\n by gate.home.example (homeward); x\r\n\r\n"));
}

TEST_CASE("loop: a cut at any place gives the same answer") {
  struct Case {
    std::string content;
    bool loop;
  };
  const std::string body = "\r\nReceived: by gate.home.example (homeward)\r\n\r\n.\r\n";
  const auto c = GENERATE_COPY(
      Case{own_field() + "Subject: x\r\n folded\r\n" + own_field() + body, true},
      Case{own_field() + "Subject: by gate.home.example (homeward)\r\n" + body, false},
      Case{"Received:\r\n by\r\n\tgate.home.example\r\n (homeward)\r\n" + own_field() + body, true},
      Case{foreign_fields(98) + own_field() + body, false},
      Case{foreign_fields(99) + own_field() + body, true});
  for (std::size_t cut = 0; cut <= c.content.size(); ++cut) {
    LoopWatch watch(kHost);
    watch.feed(std::string_view(c.content).substr(0, cut));
    watch.feed(std::string_view(c.content).substr(cut));
    if (watch.is_loop() != c.loop) FAIL("cut at " << cut << " of:\n" << c.content);
  }
  LoopWatch watch(kHost);
  for (const char& byte : c.content) watch.feed(std::string_view(&byte, 1));
  CHECK(watch.is_loop() == c.loop);
}

TEST_CASE("loop: a field of any length neither hides the next one nor counts twice") {
  const std::string filler(GENERATE(1000, 1023, 1024, 1025, 1026, 70'000), 'x');
  const auto long_line = "Received: by " + filler + "\r\n";
  const auto long_field = "Received: by x\r\n\t" + filler + "\r\n " + filler + "\r\n";
  const auto long_name = filler + ": x\r\n";
  const auto fields = long_line + long_field + long_name;  // two of Received
  CHECK_FALSE(is_loop(fields + foreign_fields(97) + "\r\n"));
  CHECK(is_loop(fields + foreign_fields(98) + "\r\n"));
  CHECK(is_loop(fields + own_field() + fields + own_field()));
  CHECK_FALSE(is_loop(fields + own_field() + "\r\n" + foreign_fields(100)));
}

}  // namespace
}  // namespace homeward::mail
