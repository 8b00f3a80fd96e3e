// The watch over content: its answer must not hang on how the network cuts it.
#include "proxy/frontend/content_intake.hpp"

#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::frontend::test {
namespace {

struct Outcome {
  std::string content;
  std::size_t consumed = 0;
  bool ended = false;
  std::optional<StatusReply> refusal;
  bool mended = false;

  bool operator==(const Outcome&) const = default;
};

IntakeLimits limits(std::uint64_t size, smtp::BareLf bare_lf) {
  return {"mx.home.test", size, bare_lf};
}

/// Feeds the pieces one after the other, as the session does.
Outcome take(const IntakeLimits& limits, const std::vector<std::string_view>& pieces) {
  ContentIntake intake(limits);
  Outcome outcome;
  for (const auto piece : pieces) {
    const auto step = intake.feed(piece);
    outcome.content += intake.content();
    outcome.consumed += step.consumed;
    outcome.ended = step.ended;
    if (step.ended) break;
    CHECK(step.consumed == piece.size());
  }
  outcome.refusal = intake.refusal();
  outcome.mended = intake.mended_bare_lf();
  return outcome;
}

/// A refused message may hand out more or less before the fault is met; that it is refused counts.
Outcome without_content_if_refused(Outcome outcome) {
  if (outcome.refusal) outcome.content.clear();
  return outcome;
}

struct Sample {
  std::string wire;
  std::uint64_t limit = 1000;
};

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::vector<Sample> samples() {
  return {
      {".\r\n"},
      {"Subject: x\r\n\r\nhello\r\n.\r\nQUIT\r\n"},
      {"..\r\n...\r\na.b\r\n.\r\n"},
      {"one\n.\ntwo\n.\r\nthree\r\n.\r\n"},
      {"one\r\n.\ntwo\r\n.\r\n"},
      {"one\r.\r\ntwo\r\n.\r\n"},
      {std::string("one\0two\r\n.\r\nNOOP\r\n", 19)},
      {"0123456789\r\n0123456789\r\n.\r\n", 24},
      {"0123456789\r\n0123456789\r\n.\r\n", 23},
      {repeated("Received: by a\r\n", 100) + "\r\n.\r\n", 100000},
      {repeated("Received: by a\r\n", 99) + "\r\n.\r\n", 100000},
      {repeated("Received: by mx.home.test (homeward) id x\r\n", 2) + "\r\n.\r\n"},
      {repeated("Received:\r\n by mx.home.test\r\n\t(homeward) id x\r\n", 2) + "\r\n.\r\n"},
  };
}

}  // namespace

TEST_CASE("frontend: content means the same wherever it is cut in two", "[frontend]") {
  for (const auto bare_lf : {smtp::BareLf::mend, smtp::BareLf::refuse}) {
    for (const auto& sample : samples()) {
      CAPTURE(sample.wire, static_cast<int>(bare_lf));
      const auto rules = limits(sample.limit, bare_lf);
      const auto whole = without_content_if_refused(take(rules, {sample.wire}));
      REQUIRE(whole.ended);
      for (std::size_t cut = 1; cut < sample.wire.size(); ++cut) {
        const std::string_view wire = sample.wire;
        const auto halves = without_content_if_refused(take(rules, {wire.substr(0, cut), wire.substr(cut)}));
        if (!(halves == whole)) FAIL_CHECK("cut at " << cut);
      }
    }
  }
}

TEST_CASE("frontend: content means the same octet by octet", "[frontend]") {
  for (const auto& sample : samples()) {
    CAPTURE(sample.wire);
    std::vector<std::string_view> octets;
    for (std::size_t i = 0; i < sample.wire.size(); ++i)
      octets.push_back(std::string_view(sample.wire).substr(i, 1));
    const auto rules = limits(sample.limit, smtp::BareLf::mend);
    CHECK(without_content_if_refused(take(rules, octets)) ==
          without_content_if_refused(take(rules, {sample.wire})));
  }
}

TEST_CASE("frontend: each fault of a message has its reply", "[frontend]") {
  struct Case {
    std::string wire;
    smtp::BareLf bare_lf;
    std::uint64_t limit;
    int code;  // 0: good
    EnhancedCode enhanced;
  };
  const auto mend = smtp::BareLf::mend;
  const auto refuse = smtp::BareLf::refuse;
  const std::vector<Case> cases = {
      {"a\r\n.\r\n", refuse, 3, 0, {}},
      {"a\r\n.\r\n", refuse, 2, 552, {5, 3, 4}},
      {"a\n\r\n.\r\n", mend, 10, 0, {}},
      {"a\n\r\n.\r\n", refuse, 10, 554, {5, 6, 0}},
      {"a\rb\r\n.\r\n", mend, 10, 554, {5, 6, 0}},
      {std::string("a\0b\r\n.\r\n", 9), mend, 10, 554, {5, 6, 0}},
      {repeated("Received: x\r\n", 100) + ".\r\n", mend, 5000, 554, {5, 4, 6}},
      {repeated("Received: x\r\n", 99) + ".\r\n", mend, 5000, 0, {}},
  };
  for (const auto& row : cases) {
    CAPTURE(row.wire, row.limit);
    const auto outcome = take(limits(row.limit, row.bare_lf), {row.wire});
    CHECK(outcome.ended);
    CHECK(outcome.refusal.has_value() == (row.code != 0));
    if (!outcome.refusal) continue;
    CHECK(outcome.refusal->code == row.code);
    CHECK(outcome.refusal->enhanced == row.enhanced);
    CHECK(outcome.content.empty());
  }
}

TEST_CASE("frontend: the first fault is the one that is told", "[frontend]") {
  const auto outcome = take(limits(5, smtp::BareLf::mend), {"a\rb", "0123456789\r\n.\r\n"});
  REQUIRE(outcome.refusal);
  CHECK(outcome.refusal->code == 554);
}

TEST_CASE("frontend: once refused, no more content is handed out and the true end is still found",
          "[frontend]") {
  ContentIntake intake(limits(1000, smtp::BareLf::mend));
  intake.feed("good\r\n");
  CHECK(intake.content() == "good\r\n");
  intake.feed("bad\rline\r\n");
  CHECK(intake.content().empty());
  intake.feed("more\r\n");
  CHECK(intake.content().empty());
  const auto step = intake.feed(".\r\nRSET\r\n");
  CHECK(step.ended);
  CHECK(step.consumed == 3);
}

TEST_CASE("frontend: a size is passed by the content, not by its stuffing", "[frontend]") {
  CHECK_FALSE(take(limits(6, smtp::BareLf::mend), {"..\r\n..\r\n.\r\n"}).refusal);
  CHECK(take(limits(5, smtp::BareLf::mend), {"..\r\n..\r\n.\r\n"}).refusal);
}

TEST_CASE("frontend: mended line ends are noted", "[frontend]") {
  CHECK(take(limits(99, smtp::BareLf::mend), {"a\nb\r\n.\r\n"}).mended);
  CHECK_FALSE(take(limits(99, smtp::BareLf::mend), {"a\r\nb\r\n.\r\n"}).mended);
}

}  // namespace homeward::frontend::test
