// The ladder's decisions, event by event. product.md 6 "The ladder".
#include "proxy/upstream/ladder.hpp"

#include <string>

#include "tests/support/catch.hpp"

namespace homeward::upstream::test {
namespace {

std::string told(const LadderActions& actions) {
  std::string text;
  for (const auto& action : actions) {
    if (!text.empty()) text += ' ';
    if (const auto* begin = std::get_if<BeginPort>(&action)) text += "begin" + std::to_string(begin->port);
    if (std::holds_alternative<AwaitPause>(action)) text += "pause";
    if (const auto* won = std::get_if<PortWon>(&action)) text += "won" + std::to_string(won->port);
    if (std::holds_alternative<NoPortLeft>(action)) text += "none";
  }
  return text;
}

/// What is said at each event: "b" begin, "p" the pause is over, "r0" port 0 is reached, "f0" it failed.
std::vector<std::string> play(std::size_t ports, const std::vector<std::string>& events) {
  Ladder ladder(ports);
  std::vector<std::string> answers;
  for (const auto& event : events) {
    const auto port = event.size() > 1 ? static_cast<std::size_t>(event[1] - '0') : 0;
    switch (event[0]) {
      case 'b':
        answers.push_back(told(ladder.begin()));
        break;
      case 'p':
        answers.push_back(told(ladder.on_pause()));
        break;
      case 'r':
        answers.push_back(told(ladder.on_reached(port)));
        break;
      default:
        answers.push_back(told(ladder.on_failed(port)));
        break;
    }
  }
  return answers;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("upstream: the ladder begins port after port until one wins or none is left", "[upstream]") {
  struct Case {
    const char* what;
    std::size_t ports;
    Texts events;
    Texts actions;
  };
  const std::vector<Case> cases = {
      {"the first answers at once", 3, {"b", "r0"}, {"begin0 pause", "won0"}},
      {"one port alone needs no pause", 1, {"b", "f0"}, {"begin0", "none"}},
      {"nobody answers: one after the other is begun, and no pause follows the last",
       3,
       {"b", "p", "p", "f0", "f1", "f2"},
       {"begin0 pause", "begin1 pause", "begin2", "", "", "none"}},
      {"one that fails has the next begun at once, and a pause from then on",
       3,
       {"b", "f0", "p", "r2"},
       {"begin0 pause", "begin1 pause", "begin2", "won2"}},
      {"465 dropped, 587 refused, 2525 open",
       3,
       {"b", "p", "f1", "r2"},
       {"begin0 pause", "begin1 pause", "begin2", "won2"}},
      {"the first may still win after the others were begun",
       3,
       {"b", "p", "p", "r0"},
       {"begin0 pause", "begin1 pause", "begin2", "won0"}},
      {"there is one winner", 2, {"b", "p", "r1", "r0"}, {"begin0 pause", "begin1", "won1", ""}},
      {"who fails behind the winner changes nothing",
       2,
       {"b", "p", "r1", "f0"},
       {"begin0 pause", "begin1", "won1", ""}},
      {"a pause that ends behind the winner begins nobody",
       3,
       {"b", "r0", "p"},
       {"begin0 pause", "won0", ""}},
      {"a failure counts once", 2, {"b", "f0", "f0", "f1"}, {"begin0 pause", "begin1", "", "none"}},
      {"what was not begun can't be reached", 2, {"b", "r1"}, {"begin0 pause", ""}},
  };
  for (const auto& [what, ports, events, actions] : cases) {
    CAPTURE(what);
    CHECK(play(ports, events) == actions);
  }
}

TEST_CASE("upstream: where the winner fails at its login, those that ended for it have their turn",
          "[upstream]") {
  CHECK(play(3, {"b", "p", "r1", "f1", "p", "r0"}) ==
        Texts{"begin0 pause", "begin1 pause", "won1", "begin0 pause", "begin2", "won0"});
  CHECK(play(2, {"b", "f0", "r1", "f1"}) == Texts{"begin0 pause", "begin1", "won1", "none"});
  CHECK(play(1, {"b", "r0", "f0"}) == Texts{"begin0", "won0", "none"});
}

}  // namespace homeward::upstream::test
