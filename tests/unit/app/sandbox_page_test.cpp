// How three dialogues stand on a page: same commands in the same row, nothing lost, within the width.
#include <sstream>
#include <string>

#include "proxy/app/sandbox/dialogue.hpp"
#include "tests/support/catch.hpp"

namespace homeward::app::sandbox {
namespace {

Dialogue taken() {
  return {"At home",
          "127.0.1.5",
          {{Step::greeting, {}, {"220 isp"}, true},
           {Step::rcpt, {"RCPT TO:<bob@far.example>"}, {"250 2.1.5 OK"}, true},
           {Step::data, {"DATA"}, {"354 Go on"}, true},
           {Step::content, {"Hello", "."}, {"250 2.0.0 Stored as x"}, true},
           {Step::quit, {"QUIT"}, {"221 Bye"}, true}}};
}

Dialogue refused() {
  return {"Roaming",
          "127.0.0.1",
          {{Step::greeting, {}, {"220 isp"}, true},
           {Step::rcpt, {"RCPT TO:<bob@far.example>"}, {"550 <bob@far.example>... Relaying Denied"}, false},
           {Step::quit, {"QUIT"}, {"221 Bye"}, true}}};
}

std::vector<std::string> lines_of(const std::string& page) {
  std::vector<std::string> lines;
  std::istringstream stream(page);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST_CASE("sandbox: the verdict of a dialogue is its first refusal, else its last word before QUIT") {
  CHECK(taken().delivered());
  CHECK(taken().verdict() == "250 2.0.0 Stored as x");
  CHECK_FALSE(refused().delivered());
  CHECK(refused().verdict() == "550 <bob@far.example>... Relaying Denied");
  CHECK(Dialogue{}.verdict().empty());
}

TEST_CASE("sandbox: the same command stands in the same row of every column") {
  const Dialogue dialogues[] = {taken(), refused()};
  const auto page = side_by_side(dialogues, 100, Paint::none);
  std::size_t quits = 0;
  for (const auto& line : lines_of(page)) {
    const auto first = line.find("C: QUIT");
    if (first == std::string::npos) continue;
    ++quits;
    CHECK(line.find("C: QUIT", first + 1) != std::string::npos);
  }
  CHECK(quits == 1);
}

TEST_CASE("sandbox: no line is wider than the page, and long ones are wrapped, not cut") {
  const Dialogue dialogues[] = {taken(), refused(), taken()};
  for (const unsigned width : {40U, 79U, 80U, 100U, 160U}) {
    const auto page = side_by_side(dialogues, width, Paint::none);
    for (const auto& line : lines_of(page)) CHECK(line.size() <= width);
    CHECK(page.find("Denied") != std::string::npos);
  }
}

TEST_CASE("sandbox: on a narrow page one dialogue stands under the other") {
  const Dialogue dialogues[] = {taken(), refused()};
  const auto page = side_by_side(dialogues, 79, Paint::none);
  CHECK(page.find(" | ") == std::string::npos);
  CHECK(page.find("At home") < page.find("Roaming"));
  CHECK(page.find("S: 550 <bob@far.example>... Relaying Denied\n") != std::string::npos);
}

TEST_CASE("sandbox: colours are for terminals") {
  const Dialogue dialogues[] = {refused()};
  CHECK(side_by_side(dialogues, 100, Paint::none).find('\x1b') == std::string::npos);
  CHECK(side_by_side(dialogues, 100, Paint::terminal).find("\x1b[31mS: 550") != std::string::npos);
}

TEST_CASE("sandbox: what a peer says can't paint the page") {
  Dialogue dialogue = refused();
  dialogue.exchanges[0].answer = {"220 \x1b[2Jisp"};
  const Dialogue dialogues[] = {dialogue};
  CHECK(side_by_side(dialogues, 100, Paint::none).find('\x1b') == std::string::npos);
}

}  // namespace
}  // namespace homeward::app::sandbox
