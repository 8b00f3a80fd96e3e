// Replies as they go to the wire: shape, length, characters. RFC 5321 §4.2.
#include "proxy/smtp/reply.hpp"

#include "proxy/base/text.hpp"
#include "tests/support/catch.hpp"

using homeward::smtp::make_reply;
using homeward::smtp::Reply;
using homeward::smtp::to_wire;

namespace {

/// The lines of a wire form; every one ended by CR LF.
std::vector<std::string> wire_lines(std::string_view wire) {
  std::vector<std::string> lines;
  while (!wire.empty()) {
    const auto end = wire.find("\r\n");
    REQUIRE(end != std::string_view::npos);
    lines.emplace_back(wire.substr(0, end));
    wire.remove_prefix(end + 2);
  }
  return lines;
}

}  // namespace

TEST_CASE("smtp: a reply is written with its codes on every line") {
  struct Case {
    Reply reply;
    std::string wire;
  };
  const std::vector<Case> cases{
      {make_reply(250, {2, 1, 0}, "Fine"), "250 2.1.0 Fine\r\n"},
      {make_reply(250, {2, 1, 0}, "Fine\nand well"), "250-2.1.0 Fine\r\n250 2.1.0 and well\r\n"},
      {make_reply(220, "x.example ESMTP"), "220 x.example ESMTP\r\n"},
      {make_reply(250, "x.example\nSIZE 10\nHELP"), "250-x.example\r\n250-SIZE 10\r\n250 HELP\r\n"},
      {make_reply(250, {2, 0, 0}, ""), "250 2.0.0\r\n"},
      {make_reply(354, ""), "354 \r\n"},
      {make_reply(250, "a\n\nb"), "250-a\r\n250-\r\n250 b\r\n"},
      {Reply{250, std::nullopt, {}}, "250 \r\n"},
      {make_reply(homeward::StatusReply{451, {4, 4, 1}, "Later"}), "451 4.4.1 Later\r\n"},
  };
  for (const auto& [reply, wire] : cases) CHECK(to_wire(reply) == wire);
}

TEST_CASE("smtp: a reply's text cannot forge a line or send a control") {
  const Reply reply{550, homeward::EnhancedCode{5, 7, 1}, {std::string("a\r\n250 ok\0\x1b[0m\x7f\t", 16)}};
  CHECK(to_wire(reply) == "550 5.7.1 a??250 ok??[0m??\r\n");
}

TEST_CASE("smtp: a reply stays ASCII where its text is not") {
  CHECK(to_wire(make_reply(550, "caf\xc3\xa9 \xe4\xb8\xad")) == "550 caf? ?\r\n");
  CHECK(to_wire(make_reply(550, "caf\xe9")) == "550 caf?\r\n");
}

TEST_CASE("smtp: a long reply is broken at blanks and loses no word") {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "word" + std::to_string(i) + " ";
  text.pop_back();
  const auto lines = wire_lines(to_wire(make_reply(451, {4, 4, 0}, text)));
  REQUIRE(lines.size() > 5);
  std::string joined;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].size() + 2 <= homeward::smtp::kMaxReplyLine);
    CHECK(lines[i].substr(0, 10) == (i + 1 < lines.size() ? "451-4.4.0 " : "451 4.4.0 "));
    if (i > 0) joined += ' ';
    joined += lines[i].substr(10);
  }
  CHECK(joined == text);
}

TEST_CASE("smtp: a long reply without blanks is broken hard, to the octet") {
  const auto lines = wire_lines(to_wire(make_reply(250, std::string(1200, 'x'))));
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "250-" + std::string(506, 'x'));
  CHECK(lines[1] == "250-" + std::string(506, 'x'));
  CHECK(lines[2] == "250 " + std::string(188, 'x'));
  // The only blank is no place to break.
  CHECK(wire_lines(to_wire(make_reply(250, ' ' + std::string(600, 'x'))))[0] ==
        "250- " + std::string(505, 'x'));
  CHECK(wire_lines(to_wire(make_reply(250, std::string(506, 'x')))).size() == 1);
  CHECK(wire_lines(to_wire(make_reply(250, {2, 0, 0}, std::string(500, 'x')))).size() == 1);
  CHECK(wire_lines(to_wire(make_reply(250, {2, 0, 0}, std::string(501, 'x')))).size() == 2);
}

TEST_CASE("smtp: a reply has at most a hundred lines, the last of them final") {
  for (const auto& text : {std::string(300, '\n'), std::string(100'000, 'x')}) {
    const auto lines = wire_lines(to_wire(make_reply(250, text)));
    REQUIRE(lines.size() == 100);
    CHECK(lines[98].substr(0, 4) == "250-");
    CHECK(lines[99].substr(0, 4) == "250 ");
  }
}

TEST_CASE("smtp: a reply knows its class and its text in one line") {
  CHECK(make_reply(250, "x").is_positive());
  CHECK(make_reply(354, "x").is_intermediate());
  CHECK(make_reply(451, "x").is_transient());
  CHECK(make_reply(550, "x").is_permanent());
  CHECK_FALSE(make_reply(451, "x").is_permanent());
  CHECK(make_reply(250, "a\nb").text() == "a / b");
}
