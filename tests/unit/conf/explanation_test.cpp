// What `homeward explain` makes of real texts, by the built-in catalogue: those that the catalogue's rows
// were written after, those that were held out, and texts that are about something else.
#include "proxy/mail/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "conf/advice_reader.hpp"
#include "proxy/mail/pasted_text.hpp"
#include "tests/support/catch.hpp"

namespace homeward::conf {
namespace {

struct Sample {
  std::string kind;
  std::string text;
  bool held_out = false;
};

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(fmt::format("{}/{}", HOMEWARD_REPLIES, file));
  REQUIRE(in.is_open());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::uint32_t fnv1a(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

std::string with_line_ends(std::string text) {
  for (auto at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at))
    text.replace(at, 2, "\n");
  return text;
}

std::vector<Sample> samples() {
  std::vector<Sample> all;
  for (const auto& line : lines_of("replies.tsv")) {
    if (line.starts_with('#')) continue;
    const auto first = line.find('\t');
    const auto second = line.find('\t', first + 1);
    REQUIRE(second != std::string::npos);
    const auto text = line.substr(second + 1);
    all.push_back({line.substr(0, first), with_line_ends(text), fnv1a(text) % 5 == 0});
  }
  return all;
}

std::string kind_of(std::string_view text) {
  const auto explanation = mail::explain(*built_in_advice(), text);
  return explanation.findings.empty() ? "unknown" : explanation.findings.front().advice->kind;
}

TEST_CASE("conf: every kind that a real text stands for is in the catalogue") {
  const auto all = samples();
  CHECK(all.size() >= 400);
  for (const auto& sample : all) {
    CAPTURE(sample.kind);
    CHECK(std::ranges::any_of(built_in_advice()->rows(),
                              [&](const auto& row) { return row.advice.kind == sample.kind; }));
  }
}

TEST_CASE("conf: real texts are explained: those of the rows, and nine of ten that were held out") {
  int held_out = 0;
  int held_out_right = 0;
  for (const auto& sample : samples()) {
    const auto kind = kind_of(sample.text);
    if (sample.held_out) {
      ++held_out;
      held_out_right += kind == sample.kind ? 1 : 0;
    } else {
      CAPTURE(sample.text);
      CHECK(kind == sample.kind);
    }
  }
  CAPTURE(held_out, held_out_right);
  CHECK(held_out >= 80);
  CHECK(held_out_right * 10 >= held_out * 9);
}

TEST_CASE("conf: what is about something else is unknown") {
  const auto texts = lines_of("nonsense.txt");
  CHECK(texts.size() >= 100);
  for (const auto& text : texts) {
    CAPTURE(text);
    CHECK(kind_of(text) == "unknown");
  }
}

TEST_CASE("conf: the same reply is explained however it was pasted") {
  const std::string reply = "553 5.7.1 <x@y.test>: Sender address rejected: not owned by user ann";
  for (const auto& pasted : std::vector<std::string>{
           reply, "> " + reply, "\"" + reply + "\"",
           "Error: " + reply + "\r\n    at Socket.on (net.js:550:26)",
           "<p>553 5.7.1 &lt;x@y.test&gt;: Sender address<br>rejected: not owned by user ann</p>",
           "553 5.7.1 <x@y.test>: Sender\n> address rejected:\n> not owned by\n> user ann",
           "(553, b'5.7.1 <x@y.test>: Sender address rejected: not owned by user ann')",
           "553-5.7.1 <x@y.test>: Sender address\\n553 5.7.1 rejected: not owned by user ann",
           "553 5.7.1 <x@y.test>: Sender=\r\n address rejected: not owned by =\nuser ann",
           "SMTP-Fehler: 553 5.7.1 \xe2\x80\x9e<x@y.test>: Sender\xc2\xa0"
           "address rejected: not owned by user ann"}) {
    CAPTURE(pasted);
    CHECK(kind_of(pasted) == "sender-not-owned");
  }
}

TEST_CASE("conf: several findings stand in one text, the best first, three at most") {
  const auto explanation = mail::explain(*built_in_advice(),
                                         "Server Response: '550 5.1.1 User unknown', Error Number: "
                                         "0x800CCC79. Before: 552 5.3.4 Message size exceeds "
                                         "fixed limit; 554 5.7.1 Relay access denied; 451 4.7.1 Greylisted");
  REQUIRE(explanation.findings.size() == mail::kMaxFindings);
  CHECK(explanation.findings[0].advice->kind != "outlook-79");
  CHECK(explanation.findings[0].code.has_value());
}

TEST_CASE("conf: a reply says whether it passes; so does a row for boxes") {
  const auto passes = [](std::string_view text) {
    const auto found = mail::explain(*built_in_advice(), text).findings;
    REQUIRE_FALSE(found.empty());
    return found.front().passes;
  };
  CHECK(passes("452 4.2.2 Mailbox full"));
  CHECK_FALSE(passes("552 5.2.2 Mailbox full"));
  CHECK(passes("Error: connect ETIMEDOUT 192.0.2.9:465"));
  CHECK_FALSE(passes("certificate has expired"));
}

TEST_CASE("conf: a reply is never judged by a row for boxes") {
  for (const auto& row : built_in_advice()->rows()) {
    if (row.place != mail::Place::box) continue;
    for (const auto& pattern : row.texts) {
      const auto* advice = built_in_advice()->find(smtp::make_reply(550, {5, 9, 9}, pattern));
      CAPTURE(row.advice.name, pattern);
      CHECK((advice == nullptr || advice->name != row.advice.name));
    }
  }
}

// Bounded work: the worst texts of the size that is read.
TEST_CASE("conf: a text of any size is explained in a moment") {
  std::string numbers;
  while (numbers.size() < 2 * mail::kMaxPasted) numbers += "550 5.1.9 550-5.1.8 ";
  for (const auto& text : std::vector<std::string>{std::string(2 * mail::kMaxPasted, 'a'),
                                                   std::string(2 * mail::kMaxPasted, '<'), numbers,
                                                   std::string(2 * mail::kMaxPasted, '\0')}) {
    const auto begin = std::chrono::steady_clock::now();
    mail::explain(*built_in_advice(), text);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{5});
  }
}

}  // namespace
}  // namespace homeward::conf
