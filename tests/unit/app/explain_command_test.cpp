// What `homeward explain` prints.
#include "proxy/app/explain_command.hpp"

#include "conf/advice_reader.hpp"
#include "proxy/base/text.hpp"
#include "tests/support/catch.hpp"

namespace homeward::app {
namespace {

mail::Explanation explained(std::string_view text) {
  return mail::explain(*conf::built_in_advice(), text);
}

bool holds(std::string_view text, std::string_view piece) {
  return text.find(piece) != std::string_view::npos;
}

TEST_CASE("app: an explanation tells what, whose fault, what to do and whether it passes") {
  const auto text =
      explanation_text(explained("553 5.7.1 <x@y.test>: Sender address rejected: not owned by user ann"));
  CAPTURE(text);
  for (const auto* piece : {"its own addresses", "553 5.7.1", "Whose fault:        yours",
                            "What to do:         rewrite_sender", "Passes by itself:   no"})
    CHECK(holds(text, piece));
  CHECK(holds(explanation_text(explained("451 4.7.1 Greylisting in action, please come back later")),
              "Passes by itself:   yes"));
}

TEST_CASE("app: what is unknown is said to be, with what the code alone says") {
  const auto unknown = explanation_text(explained("The quick brown fox"));
  CHECK(unknown.starts_with("Unknown:"));
  CHECK_FALSE(holds(unknown, "The code"));
  CHECK(holds(explanation_text(explained("smtp said: 451 4.9.9 Qwertz")), "451 says that it passes"));
  CHECK(holds(explanation_text(explained("smtp said: 554 5.9.9 Qwertz")), "554 says that it stays"));
}

TEST_CASE("app: nothing of the text comes back, no control character") {
  const auto text = std::string("550 5.1.1 \x1b[31mUser unknown\x07 \xc2\x9b") + "2J zzz-marker";
  for (const auto& out : {explanation_text(explained(text)), explanation_json(explained(text))}) {
    CAPTURE(out);
    CHECK_FALSE(holds(out, "marker"));
    CHECK(text::is_ascii(out));
    for (const char c : out) CHECK((c == '\n' || c >= ' '));
  }
}

TEST_CASE("app: an explanation as JSON") {
  const auto json = explanation_json(explained("550 5.1.1 User unknown"));
  CHECK(json.starts_with(
      R"({"known":true,"findings":[{"name":"user-unknown","kind":"user-unknown","sentence":")"));
  for (const auto* piece :
       {R"("cause":"you")", R"("passes":false)", R"("code":550)", R"("enhanced":"5.1.1")"})
    CHECK(holds(json, piece));
  CHECK(explanation_json(explained("0x800CCC6E")).find(R"("code":null,"enhanced":null)") !=
        std::string::npos);
  CHECK(explanation_json(explained("Dear Bob")) == R"({"known":false,"findings":[]})");
}

}  // namespace
}  // namespace homeward::app
