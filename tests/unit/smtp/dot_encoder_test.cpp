// Content to the wire: stuffed, ended, and never a line end but CR LF. RFC 5321 §4.5.2; safety.md 2.1.
#include <string>
#include <vector>

#include "proxy/smtp/dot_codec.hpp"
#include "tests/support/catch.hpp"

using homeward::smtp::DotEncoder;
using std::string_literals::operator""s;

namespace {

std::string encode(std::string_view content, std::size_t first) {
  DotEncoder encoder;
  std::string wire;
  encoder.encode(content.substr(0, first), wire);
  encoder.encode(content.substr(first), wire);
  encoder.finish(wire);
  return wire;
}

std::string encode_all_ways(std::string_view content) {
  const auto whole = encode(content, content.size());
  for (std::size_t first = 0; first < content.size(); ++first) REQUIRE(encode(content, first) == whole);
  DotEncoder encoder;
  std::string wire;
  for (const char c : content) encoder.encode(std::string_view(&c, 1), wire);
  encoder.finish(wire);
  REQUIRE(wire == whole);
  return whole;
}

struct Case {
  std::string content;
  std::string wire;
};

}  // namespace

TEST_CASE("smtp: content is stuffed and ended") {
  const std::vector<Case> cases{
      {"", ".\r\n"},
      {"a\r\n", "a\r\n.\r\n"},
      {"a", "a\r\n.\r\n"},
      {"\r\n", "\r\n.\r\n"},
      {".", "..\r\n.\r\n"},
      {".\r\n", "..\r\n.\r\n"},
      {"..\r\n", "...\r\n.\r\n"},
      {"a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"},
      {"a.\r\nb.c\r\n", "a.\r\nb.c\r\n.\r\n"},
      {"\r\n\r\n.x", "\r\n\r\n..x\r\n.\r\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.content);
    CHECK(encode_all_ways(c.content) == c.wire);
  }
}

TEST_CASE("smtp: content that its length frames keeps its dots and has no last one") {
  const std::vector<Case> cases{
      {"", ""},
      {"a\r\n", "a\r\n"},
      {"a", "a\r\n"},
      {".\r\n..\r\n", ".\r\n..\r\n"},
      {"a\r\n.\r\nb\r\n", "a\r\n.\r\nb\r\n"},
      {"a\nb\rc\0d"s, "a\r\nb\r\ncd\r\n"},  // the second lock holds here, too
  };
  for (const auto& c : cases) {
    CAPTURE(c.content);
    for (std::size_t first = 0; first <= c.content.size(); ++first) {
      DotEncoder encoder(homeward::smtp::Framing::length);
      std::string wire;
      encoder.encode(std::string_view(c.content).substr(0, first), wire);
      encoder.encode(std::string_view(c.content).substr(first), wire);
      encoder.finish(wire);
      CHECK(wire == c.wire);
    }
  }
}

TEST_CASE("smtp: nothing that could fool an upstream goes out, whatever comes in") {
  const std::vector<Case> cases{
      {"a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\n.\r\nb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r\n.\nb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\n.\rb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r.\nb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r.\r\nb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r\n.\rb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r\n.\r\r\nb", "a\r\n..\r\n\r\nb\r\n.\r\n"},
      {"a\r\r\n.\r\r\nb", "a\r\n\r\n..\r\n\r\nb\r\n.\r\n"},
      {"a\r\n\0.\r\nb"s, "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r\n.\0\r\nb"s, "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r", "a\r\n.\r\n"},
      {"\r", "\r\n.\r\n"},
      {"a\r\n\r", "a\r\n\r\n.\r\n"},
      {"a\r\0\n"s, "a\r\n\r\n.\r\n"},
      {"\0.\r\n"s, "..\r\n.\r\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.content);
    CHECK(encode_all_ways(c.content) == c.wire);
  }
}
