// Pasted texts: mark-up, quotation and line ends are taken away, replies are found among other numbers.
#include "proxy/mail/pasted_text.hpp"

#include "tests/support/catch.hpp"

namespace homeward::mail {
namespace {

TEST_CASE("mail: a pasted text becomes one plain line") {
  struct Case {
    std::string pasted;
    std::string line;
  };
  const std::vector<Case> cases{
      {"", ""},
      {"  A\tb\r\nC  ", "a b c "},
      {"> > quoted\n> twice", "quoted twice"},
      {"<p class=\"x\">one</P><br/>two", " one two"},
      {"<bob@y.test> stays", "<bob@y.test> stays"},
      {"<unknown tag> stays", "<unknown tag> stays"},
      {"<b", "<b"},
      {"&lt;x&gt; &amp;&nbsp;&quot;", "<x> & \""},
      {"broken =\r\nword and escaped\\r\\nline", "broken word and escaped line"},
      {"don\xe2\x80\x99t", "don't"},
      {"\x1b[31mred\x07", " [31mred "},
      {"D:\\Queue", "d:\\queue"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.pasted);
    auto line = plain_line(c.pasted);
    auto wanted = c.line;
    while (wanted.starts_with(' ')) wanted.erase(0, 1);
    CHECK(line == wanted);
  }
  CHECK(plain_line(std::string(3 * kMaxPasted, 'x')).size() == kMaxPasted);
}

TEST_CASE("mail: replies are found in a line, other numbers are not") {
  struct Case {
    std::string line;
    std::string codes;  ///< "550/5.1.1 451/-"
  };
  const std::vector<Case> cases{
      {"550 5.1.1 user unknown", "550/5.1.1"},
      {"said: 550-5.1.1 a 550-5.1.1 b 550 5.1.1 c", "550/5.1.1"},
      {"550-5.7.1 a 550 b", "550/5.7.1"},
      {"550 no such user (#5.1.1)", "550/5.1.1"},
      {"(535, b'5.7.8 no", "535/5.7.8"},
      {"#550 5.1.1 x", "550/5.1.1"},
      {"[535: 5.7.3 x]", "535/5.7.3"},
      {"dsn=5.4.1, status=bounced said: 550 5.4.1 x", "-/5.4.1 550/5.4.1"},
      {"421 a; 550 5.1.1 b", "421/- 550/5.1.1"},
      {"550 4.1.1 x", "550/- -/4.1.1"},
      {"550 4.1.1.1 x", "550/-"},
      {"10:45:550 1550 5501 550px v5.4.1 $550 550.5 a550", ""},
      {"192.0.5.1 5.1.1.7 5.1.1a", ""},
      {"250 ok 354 go 650 no", ""},
  };
  for (const auto& c : cases) {
    std::string found;
    for (const auto& quoted : quoted_replies(c.line)) {
      found += (found.empty() ? "" : " ") + (quoted.code ? std::to_string(*quoted.code) : std::string("-")) +
               "/" + (quoted.enhanced ? to_string(*quoted.enhanced) : "-");
    }
    CAPTURE(c.line);
    CHECK(found == c.codes);
  }
}

TEST_CASE("mail: a reply's words go on over its further lines") {
  const auto replies =
      quoted_replies("552-5.7.0 presents a potential 552-5.7.0 security issue. 552 5.7.0 see x");
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].words.find("potential security issue. see x") != std::string::npos);
  CHECK(without_repeated_codes("552-5.7.0 a potential 552 5.7.0 security issue") ==
        "552-5.7.0 a potential security issue");
}

TEST_CASE("mail: replies of one text are counted out") {
  std::string line;
  for (int i = 0; i < 500; ++i) line += "55" + std::to_string(i % 5) + " x ";
  CHECK(quoted_replies(line).size() == 50);
}

}  // namespace
}  // namespace homeward::mail
