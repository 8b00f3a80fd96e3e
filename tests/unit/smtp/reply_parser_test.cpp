// Replies of servers, whole, in pieces and broken. RFC 5321 §4.2; safety.md 2.2, 2.9.
#include "proxy/smtp/reply_parser.hpp"

#include "tests/support/catch.hpp"

using homeward::EnhancedCode;
using homeward::smtp::Reply;
using homeward::smtp::ReplyParser;

namespace {

Reply parse_one(std::string_view bytes) {
  CAPTURE(bytes);
  ReplyParser parser;
  parser.feed(bytes);
  auto reply = parser.next();
  REQUIRE(reply.has_value());
  REQUIRE(reply->has_value());
  CHECK(parser.buffered() == 0);
  return **reply;
}

void check_broken(ReplyParser& parser, std::string_view words) {
  for (int again = 0; again < 2; ++again) {
    const auto reply = parser.next();
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().fault == homeward::Fault::protocol);
    CHECK(reply.error().reply.code == 451);
    CHECK(to_string(reply.error().reply.enhanced) == "4.4.0");
    CAPTURE(reply.error().reply.text);
    CHECK(reply.error().reply.text.find(words) != std::string::npos);
  }
}

void check_broken(std::string_view bytes, std::string_view words) {
  CAPTURE(bytes);
  ReplyParser parser;
  parser.feed(bytes);
  check_broken(parser, words);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("smtp: replies are read in every form servers write") {
  struct Case {
    std::string bytes;
    int code;
    std::optional<EnhancedCode> enhanced;
    Lines lines;
  };
  const std::vector<Case> cases{
      {"250 OK\r\n", 250, {}, {"OK"}},
      {"250\r\n", 250, {}, {""}},
      {"250 \r\n", 250, {}, {""}},
      {"250 OK\n", 250, {}, {"OK"}},
      {"250-a\r\n250-b\r\n250 c\r\n", 250, {}, {"a", "b", "c"}},
      {"250-\r\n250\r\n", 250, {}, {"", ""}},
      {"250-a\n250 b\r\n", 250, {}, {"a", "b"}},
      {"250 2.1.5 Ok\r\n", 250, EnhancedCode{2, 1, 5}, {"Ok"}},
      {"250 2.1.5\r\n", 250, EnhancedCode{2, 1, 5}, {""}},
      {"550-5.7.1 a\r\n550 5.7.1 b\r\n", 550, EnhancedCode{5, 7, 1}, {"a", "b"}},
      {"550-5.7.1 a\r\n550 5.7.2 b\r\n", 550, EnhancedCode{5, 7, 1}, {"a", "5.7.2 b"}},
      {"550-see\r\n550 5.7.1 b\r\n", 550, EnhancedCode{5, 7, 1}, {"see", "b"}},
      {"451 4.7.500 Busy\r\n", 451, EnhancedCode{4, 7, 500}, {"Busy"}},
      {"550 4.7.1 odd class\r\n", 550, {}, {"4.7.1 odd class"}},
      {"354 3.0.0 x\r\n", 354, {}, {"3.0.0 x"}},
      {"550 5.7 x\r\n", 550, {}, {"5.7 x"}},
      {"550 5.7.1.2 x\r\n", 550, {}, {"5.7.1.2 x"}},
      {"550 5.7.1234 x\r\n", 550, {}, {"5.7.1234 x"}},
      {"550 5.7.1: x\r\n", 550, {}, {"5.7.1: x"}},
      {"250 2.5 MB left\r\n", 250, {}, {"2.5 MB left"}},
      {"571 Blocked\r\n", 571, {}, {"Blocked"}},
      {"599 x\r\n", 599, {}, {"x"}},
      {std::string("250 a\0b\rc\x1b\td\r\n", 14), 250, {}, {"a?b?c? d"}},
      {"250 caf\xc3\xa9\r\n", 250, {}, {"caf\xc3\xa9"}},
      {"250 caf\xe9\r\n", 250, {}, {"caf?"}},
  };
  for (const auto& c : cases) {
    const auto reply = parse_one(c.bytes);
    CAPTURE(c.bytes);
    CHECK(reply.code == c.code);
    CHECK((reply.enhanced == c.enhanced));
    CHECK(reply.lines == c.lines);
  }
}

TEST_CASE("smtp: a reply in pieces is the reply whole") {
  const std::string bytes = "250-2.0.0 a\r\n250 2.0.0 b\r\n354 go\r\n";
  ReplyParser parser;
  std::vector<Reply> replies;
  for (const char c : bytes) {
    parser.feed(std::string_view(&c, 1));
    const auto reply = parser.next();
    REQUIRE(reply.has_value());
    if (*reply) replies.push_back(**reply);
  }
  REQUIRE(replies.size() == 2);
  CHECK(replies[0].lines == Lines{"a", "b"});
  CHECK(replies[1].code == 354);
  CHECK(replies[1].lines == Lines{"go"});
  CHECK_FALSE(replies[1].enhanced.has_value());
}

TEST_CASE("smtp: pipelined replies come one at a time") {
  ReplyParser parser;
  parser.feed("250 a\r\n250 b\r\n354 c\r\n25");
  for (const auto* text : {"a", "b", "c"}) {
    const auto reply = parser.next();
    REQUIRE(reply.has_value());
    REQUIRE(reply->has_value());
    CHECK((**reply).lines == Lines{text});
  }
  const auto more = parser.next();
  REQUIRE(more.has_value());
  CHECK_FALSE(more->has_value());
  CHECK(parser.buffered() == 2);
}

TEST_CASE("smtp: bytes behind a reply are counted, an unfinished reply's too") {
  ReplyParser parser;
  parser.feed("220 go\r\n250-injected\r\n");
  REQUIRE(parser.next().has_value());
  CHECK(parser.buffered() == 14);
  const auto more = parser.next();
  REQUIRE(more.has_value());
  CHECK_FALSE(more->has_value());
  CHECK(parser.buffered() == 14);
  parser.clear();
  CHECK(parser.buffered() == 0);
  parser.feed("250 clean\r\n");
  const auto reply = parser.next();
  REQUIRE(reply.has_value());
  REQUIRE(reply->has_value());
  CHECK((**reply).lines == Lines{"clean"});
}

TEST_CASE("smtp: what is no reply is an error that lasts") {
  for (const auto* bytes : {"HTTP/1.1 400 Bad Request\r\n", "\r\n", "25\r\n", "2x0 a\r\n", "150 a\r\n",
                            "650 a\r\n", "0250 a\r\n", " 250 a\r\n", "250x\r\n", "2500\r\n", "250_a\r\n",
                            "25\xb2 a\r\n", "250\t a\r\n", "-250 a\r\n", "250-a\r\n\r\n", "250-a\r\nb\r\n"}) {
    check_broken(bytes, "no SMTP reply");
  }
  check_broken("250-a\r\n251 b\r\n", "changed the code");
}

TEST_CASE("smtp: a broken parser takes nothing more and is as new once cleared") {
  ReplyParser parser;
  parser.feed("junk\r\n250 ok\r\n");
  check_broken(parser, "no SMTP reply");
  parser.feed("250 ok\r\n");
  check_broken(parser, "no SMTP reply");
  parser.clear();
  parser.feed("250 ok\r\n");
  CHECK(parser.next().has_value());
}

TEST_CASE("smtp: junk is kept for the log, printable and short") {
  ReplyParser parser;
  parser.feed("\x16\x03" + std::string(500, 'z') + "\r\n");
  const auto reply = parser.next();
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().detail == "??" + std::string(78, 'z'));
}

TEST_CASE("smtp: a web page in place of a reply is known as one") {
  for (const auto* bytes : {"HTTP/1.1 400 Bad Request\r\n\r\n", "http/1.0 302 Found\n", "<!DOCTYPE html>\r\n",
                            "<html><body>Sign in\n"}) {
    CAPTURE(bytes);
    ReplyParser parser;
    parser.feed(bytes);
    REQUIRE_FALSE(parser.next());
    CHECK(parser.met_web_page());
    parser.clear();
    CHECK_FALSE(parser.met_web_page());
  }
  for (const auto* bytes :
       {"220 HTTP/1.1 is not spoken here\r\n", "SSH-2.0-x\r\n", "HTTPS?\r\n", "HTTP/1.1 400"}) {
    CAPTURE(bytes);
    ReplyParser parser;
    parser.feed(bytes);
    (void)parser.next();
    CHECK_FALSE(parser.met_web_page());
  }
}

TEST_CASE("smtp: long reply lines are read and cut") {
  const auto reply = parse_one("250 " + std::string(ReplyParser::kMaxLineRead - 5, 'x') + "\r\n");
  CHECK(reply.lines[0] == std::string(ReplyParser::kMaxLineKept, 'x'));
}

TEST_CASE("smtp: a SASL challenge is kept whole") {
  const std::string challenge(6000, 'A');
  CHECK(parse_one("334 " + challenge + "\r\n").lines == Lines{challenge});
}

TEST_CASE("smtp: a reply line without end is an error") {
  check_broken("250 " + std::string(ReplyParser::kMaxLineRead, 'x'), "without end");
  check_broken("250 " + std::string(ReplyParser::kMaxLineRead, 'x') + "\r\n", "without end");
}

TEST_CASE("smtp: a reply of endless lines is an error") {
  std::string bytes;
  for (std::size_t i = 1; i < ReplyParser::kMaxLines; ++i) bytes += "250-x\r\n";
  CHECK(parse_one(bytes + "250 x\r\n").lines.size() == ReplyParser::kMaxLines);
  check_broken(bytes + "250-x\r\n250 x\r\n", "too many lines");
}
