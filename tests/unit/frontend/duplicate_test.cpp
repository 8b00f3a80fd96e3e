// Which messages are the same, and for how long. product.md 5, "Repeated submission".
#include "proxy/frontend/duplicate.hpp"

#include <functional>

#include "tests/support/catch.hpp"

namespace homeward::frontend::test {
namespace {

using namespace std::chrono_literals;

struct Message {
  std::string client = "10.0.0.5";
  std::string from = "<printer@office.example>";
  std::vector<std::string> to = {"<ann@isp.example>"};
  std::optional<smtp::Notify> notify;
  std::string content = "Message-ID: <1@printer>\r\nSubject: x\r\n\r\nbody\r\n";
};

std::optional<std::string> fingerprint_of(const Message& message, std::size_t block = 1000) {
  smtp::QuirkSet seen;
  mail::Envelope envelope;
  envelope.origin.client = IpAddress::parse(message.client).value();
  envelope.from = smtp::parse_reverse_path(message.from, {}, seen)->path;
  Fingerprint fingerprint(envelope);
  for (const auto& to : message.to)
    fingerprint.recipient({.path = smtp::parse_forward_path(to, {}, seen)->path,
                           .parameters = {.notify = message.notify, .original_recipient = {}}});
  for (std::size_t at = 0; at < message.content.size(); at += block)
    fingerprint.content(std::string_view(message.content).substr(at, block));
  return fingerprint.finish();
}

const smtp::Reply kAnswer = smtp::make_reply(250, {2, 0, 0}, "kept as abc");

}  // namespace

TEST_CASE("frontend: the same message has the same fingerprint, however it is cut", "[frontend]") {
  const auto whole = fingerprint_of({});
  REQUIRE(whole.has_value());
  CHECK(fingerprint_of({}, 1) == whole);
  CHECK(fingerprint_of({}, 7) == whole);
}

TEST_CASE("frontend: a message is another one if anything of it differs", "[frontend]") {
  const std::vector<std::function<void(Message&)>> changes = {
      [](Message& m) { m.client = "10.0.0.6"; },
      [](Message& m) { m.from = "<other@office.example>"; },
      [](Message& m) { m.from = "<>"; },
      [](Message& m) { m.to = {"<bob@isp.example>"}; },
      [](Message& m) { m.to.emplace_back("<bob@isp.example>"); },
      [](Message& m) { m.content = "Message-ID: <2@printer>\r\nSubject: x\r\n\r\nbody\r\n"; },
      [](Message& m) { m.content += "more\r\n"; },
      [](Message& m) { m.notify = smtp::Notify{.success = true}; },
  };
  for (const auto& change : changes) {
    Message other;
    change(other);
    REQUIRE(fingerprint_of(other).has_value());
    CHECK(fingerprint_of(other) != fingerprint_of({}));
  }
}

TEST_CASE("frontend: without a Message-ID no two messages are the same", "[frontend]") {
  Message message;
  message.content = "Subject: alarm\r\n\r\nMessage-ID: <in the body>\r\n";
  CHECK_FALSE(fingerprint_of(message).has_value());
}

TEST_CASE("frontend: an answer that was not read is given again, once, for 15 minutes", "[frontend]") {
  UnreadAnswers answers;
  const UnreadAnswers::TimePoint begin{1h};
  answers.add({"one", kAnswer, begin});
  answers.add({"two", kAnswer, begin});
  CHECK_FALSE(answers.take("three", begin).has_value());
  REQUIRE(answers.take("one", begin + 14min).has_value());
  CHECK_FALSE(answers.take("one", begin + 14min).has_value());
  CHECK_FALSE(answers.take("two", begin + 15min).has_value());
}

TEST_CASE("frontend: who dies again and again does not prolong the 15 minutes", "[frontend]") {
  UnreadAnswers answers;
  const UnreadAnswers::TimePoint begin{1h};
  answers.add({"alarm", kAnswer, begin});
  for (auto now = begin; now < begin + 15min; now += 5min) {
    auto again = answers.take("alarm", now);
    REQUIRE(again.has_value());
    answers.add(std::move(*again));
  }
  CHECK_FALSE(answers.take("alarm", begin + 15min).has_value());
}

TEST_CASE("frontend: a flood of unread answers pushes the oldest out", "[frontend]") {
  UnreadAnswers answers;
  const UnreadAnswers::TimePoint begin{1h};
  for (std::size_t i = 0; i <= UnreadAnswers::kMost; ++i) answers.add({std::to_string(i), kAnswer, begin});
  CHECK_FALSE(answers.take("0", begin).has_value());
  CHECK(answers.take("1", begin).has_value());
}

}  // namespace homeward::frontend::test
