// Matching of the error catalogue: what a row asks for, and which of several rows is taken.
#include "proxy/mail/advice.hpp"

#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::mail {
namespace {

using smtp::make_reply;
using smtp::Reply;

AdviceRow row(std::string name, std::vector<int> codes, std::vector<EnhancedCode> enhanced,
              std::vector<std::string> texts, std::string provider = {}, bool temporary = false) {
  AdviceRow made;
  made.advice.name = std::move(name);
  made.advice.temporary = temporary;
  made.codes = std::move(codes);
  made.enhanced = std::move(enhanced);
  made.texts = std::move(texts);
  made.provider = std::move(provider);
  return made;
}

std::string name_of(const AdviceTable& table, const Reply& reply, std::string_view provider = {}) {
  const auto* advice = table.find(reply, provider);
  return advice == nullptr ? "none" : advice->name;
}

TEST_CASE("mail: all that a row of advice gives has to hold") {
  const AdviceTable table({row("all", {550, 553}, {{5, 7, 1}, {5, 7, 0}}, {"not owned", "denied"}, "isp")});
  struct Case {
    Reply reply;
    std::string provider;
    bool fits;
  };
  const std::vector<Case> cases{
      {make_reply(550, {5, 7, 1}, "Sender not owned by user"), "isp", true},
      {make_reply(553, {5, 7, 0}, "Denied"), "ISP", true},
      {make_reply(554, {5, 7, 1}, "Denied"), "isp", false},
      {make_reply(550, {5, 7, 2}, "Denied"), "isp", false},
      {make_reply(550, "Denied"), "isp", false},
      {make_reply(550, {5, 7, 1}, "Allowed"), "isp", false},
      {make_reply(550, {5, 7, 1}, "Denied"), "", false},
      {make_reply(550, {5, 7, 1}, "Denied"), "other", false},
  };
  for (const auto& c : cases) {
    CAPTURE(smtp::to_wire(c.reply), c.provider);
    CHECK((table.find(c.reply, c.provider) != nullptr) == c.fits);
  }
}

TEST_CASE("mail: a star in a row's text stands for anything, over the ends of lines too") {
  struct Case {
    std::string pattern;
    std::string text;
    bool fits;
  };
  const std::vector<Case> cases{
      {"verify*host", "Can't VERIFY recipient's Host now", true},
      {"verify*host", "host verify", false},
      {"verify*host", "verifyhost", true},
      {"ab*ba", "aba", false},
      {"a*a*a", "aXa", false},
      {"try again later", "Please try\nagain\n  later.", true},
      {"try again later", "Please try   again\tlater", true},
      {"try again later", "Please tryagain later", false},
      {"*later*", "later", true},
      {"later", "", false},
      {"x", "", false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.pattern, c.text);
    const AdviceTable table({row("r", {}, {}, {c.pattern})});
    CHECK((table.find(make_reply(550, c.text)) != nullptr) == c.fits);
  }
}

TEST_CASE("mail: the first row that fits is taken, and none where none fits") {
  const AdviceTable table({row("narrow", {550}, {{5, 1, 1}}, {}), row("wide", {550}, {}, {})});
  CHECK(name_of(table, make_reply(550, {5, 1, 1}, "x")) == "narrow");
  CHECK(name_of(table, make_reply(550, {5, 1, 2}, "x")) == "wide");
  CHECK(name_of(table, make_reply(551, {5, 1, 1}, "x")) == "none");
  CHECK(name_of(AdviceTable{}, make_reply(550, "x")) == "none");
}

TEST_CASE("mail: a number in a row's text is a whole number") {
  const AdviceTable table({row("r", {}, {}, {"error 110"})});
  CHECK(table.find(make_reply(550, "error 110 here")) != nullptr);
  CHECK(table.find(make_reply(550, "error 1102 and error 110.")) != nullptr);
  CHECK(table.find(make_reply(550, "error 1102")) == nullptr);
}

TEST_CASE("mail: words without a code have to be telling; an enhanced code alone stands for its class") {
  const AdviceTable table({row("short", {550}, {}, {"virus"}),
                           row("asks", {}, {{5, 7, 9}}, {"login is refused"}),
                           row("telling", {550}, {}, {"message refused"})});
  const auto name = [&](const Heard& heard) {
    const auto hit = table.look_up(heard);
    return hit ? hit->row->advice.name : "none";
  };
  CHECK(name({550, std::nullopt, "a virus"}) == "short");
  CHECK(name({std::nullopt, std::nullopt, "a virus; message refused"}) == "telling");
  CHECK(name({std::nullopt, std::nullopt, "login is refused"}) == "none");
  CHECK(name({std::nullopt, EnhancedCode{5, 1, 1}, "message refused"}) == "telling");
  CHECK(name({std::nullopt, EnhancedCode{4, 1, 1}, "message refused"}) == "none");
}

TEST_CASE("mail: rows for boxes are not for replies, nor the other way round") {
  auto box = row("box", {}, {}, {"timed out"});
  box.place = Place::box;
  const AdviceTable table({box, row("reply", {}, {}, {"timed out"})});
  CHECK(name_of(table, make_reply(550, "timed out")) == "reply");
  REQUIRE(table.look_in_box("it timed out").has_value());
  CHECK(table.look_in_box("it timed out")->row->advice.name == "box");
  CHECK(table.look_in_box("it timed out")->letters == 9);
  CHECK_FALSE(table.look_in_box("fine").has_value());
}

TEST_CASE("mail: 4yz is temporary without a row, a 5yz by its row alone") {
  const AdviceTable table({row("passes", {}, {}, {"later"}, {}, true), row("stays", {}, {}, {"never"})});
  CHECK(AdviceTable{}.is_temporary(make_reply(451, "what")));
  CHECK(table.is_temporary(make_reply(451, "never")));
  CHECK(table.is_temporary(make_reply(550, "later")));
  CHECK_FALSE(table.is_temporary(make_reply(550, "never")));
  CHECK_FALSE(table.is_temporary(make_reply(550, "what")));
  CHECK_FALSE(table.is_temporary(make_reply(250, "later")));
  CHECK_FALSE(table.is_temporary(make_reply(354, "later")));
}

}  // namespace
}  // namespace homeward::mail
