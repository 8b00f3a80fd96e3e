// Content from the wire: its one true end, and all that looks like it. safety.md 2.1; RFC 5321 §4.1.1.4,
// §4.5.2.
#include <string>
#include <vector>

#include "proxy/smtp/dot_codec.hpp"
#include "tests/support/catch.hpp"

using homeward::smtp::BareLf;
using homeward::smtp::ContentFault;
using homeward::smtp::DotDecoder;
using homeward::smtp::DotEncoder;
using std::string_literals::operator""s;

namespace {

struct Decoded {
  std::string content;
  std::size_t consumed = 0;
  bool ended = false;
  ContentFault fault = ContentFault::none;
  bool mended = false;
  bool eight_bit = false;

  bool operator==(const Decoded&) const = default;
};

/// Decodes in pieces of the given size, the first piece of `first` octets; 0 is no first piece.
Decoded decode(std::string_view input, BareLf mode, std::size_t first, std::size_t piece) {
  DotDecoder decoder(mode);
  Decoded result;
  std::size_t size = first == 0 ? piece : first;
  while (!input.empty() && !result.ended) {
    const auto part = input.substr(0, size);
    const auto before = result.content.size();
    const auto step = decoder.decode(part, result.content);
    REQUIRE(step.consumed <= part.size());
    REQUIRE((step.ended || step.consumed == part.size()));
    REQUIRE(result.content.size() - before <= part.size() * 2 + 2);
    result.consumed += step.consumed;
    result.ended = step.ended;
    input.remove_prefix(part.size());
    size = piece;
  }
  result.fault = decoder.fault();
  result.mended = decoder.mended_bare_lf();
  result.eight_bit = decoder.has_eight_bit();
  return result;
}

/// Whole; and the same byte by byte, in threes, and at each split point.
Decoded decode_all_ways(std::string_view input, BareLf mode) {
  const auto whole = decode(input, mode, 0, input.size());
  REQUIRE((decode(input, mode, 0, 1) == whole));
  REQUIRE((decode(input, mode, 0, 3) == whole));
  for (std::size_t first = 1; first < input.size(); ++first) {
    CAPTURE(first);
    REQUIRE((decode(input, mode, first, input.size()) == whole));
  }
  return whole;
}

std::string encode(std::string_view content) {
  DotEncoder encoder;
  std::string wire;
  encoder.encode(content, wire);
  encoder.finish(wire);
  return wire;
}

}  // namespace

TEST_CASE("smtp: content ends at CR LF . CR LF and is unstuffed") {
  struct Case {
    std::string wire;
    std::string content;
  };
  const std::vector<Case> cases{
      {".\r\n", ""},
      {"\r\n.\r\n", "\r\n"},
      {"a\r\n.\r\n", "a\r\n"},
      {"a\r\nb\r\n.\r\n", "a\r\nb\r\n"},
      {"..\r\n.\r\n", ".\r\n"},
      {"a\r\n..\r\n.\r\n", "a\r\n.\r\n"},
      {"..a\r\n...b\r\n.\r\n", ".a\r\n..b\r\n"},
      {".a\r\n.\r\n", "a\r\n"},
      {"a.\r\n.\r\n", "a.\r\n"},
      {"\r\n\r\n.\r\n", "\r\n\r\n"},
      {"a.b..c\r\n.\r\n", "a.b..c\r\n"},
  };
  for (const auto& c : cases) {
    for (const auto mode : {BareLf::mend, BareLf::refuse}) {
      CAPTURE(c.wire);
      const auto found = decode_all_ways(c.wire + "QUIT\r\n", mode);
      CHECK(found.content == c.content);
      CHECK(found.ended);
      CHECK(found.consumed == c.wire.size());
      CHECK(found.fault == ContentFault::none);
      CHECK_FALSE(found.mended);
    }
  }
}

TEST_CASE("smtp: an unfinished content waits, whatever its last octets") {
  for (const auto& wire : {"a"s, "a\r"s, "a\r\n"s, "a\r\n."s, "a\r\n.\r"s, "."s, ".\r"s, ""s}) {
    CAPTURE(wire);
    const auto found = decode_all_ways(wire, BareLf::mend);
    CHECK_FALSE(found.ended);
    CHECK(found.consumed == wire.size());
    CHECK(found.fault == ContentFault::none);
  }
}

TEST_CASE("smtp: no look-alike of CR LF . CR LF ends the content") {
  struct Case {
    std::string look_alike;
    ContentFault mending;     ///< what is found where bare LF is mended
    ContentFault refusing;    ///< and where it is refused
    std::string mended = {};  ///< the content, where there is no fault
  };
  const std::vector<Case> cases{
      {"\n.\n", ContentFault::none, ContentFault::bare_lf, "a\r\n.\r\nb\r\n"},
      {"\n.\r\n", ContentFault::none, ContentFault::bare_lf, "a\r\n.\r\nb\r\n"},
      {"\r\n.\n", ContentFault::none, ContentFault::bare_lf, "a\r\n.\r\nb\r\n"},
      {"\n.\r", ContentFault::bare_cr, ContentFault::bare_lf},
      {"\r.\r", ContentFault::bare_cr, ContentFault::bare_cr},
      {"\r.\n", ContentFault::bare_cr, ContentFault::bare_cr},
      {"\r.\r\n", ContentFault::bare_cr, ContentFault::bare_cr},
      {"\r\n.\r", ContentFault::bare_cr, ContentFault::bare_cr},
      {"\r\n.\r\r\n", ContentFault::bare_cr, ContentFault::bare_cr},
      {"\r\r\n.\r\r\n", ContentFault::bare_cr, ContentFault::bare_cr},
      {"\r\n\0.\r\n"s, ContentFault::nul, ContentFault::nul},
      {"\r\n.\0\r\n"s, ContentFault::nul, ContentFault::nul},
      {"\r\n.\r\0\n"s, ContentFault::bare_cr, ContentFault::bare_cr},
      {"\r\0\n.\r\n"s, ContentFault::bare_cr, ContentFault::bare_cr},
      {"\n\r.\r\n", ContentFault::bare_cr, ContentFault::bare_lf},
      {"\n\n.\n\n", ContentFault::none, ContentFault::bare_lf, "a\r\n\r\n.\r\n\r\nb\r\n"},
      {"\r\n .\r\n", ContentFault::none, ContentFault::none, "a\r\n .\r\nb\r\n"},
      {"\r\n. \r\n", ContentFault::none, ContentFault::none, "a\r\n \r\nb\r\n"},
      {"\r\n..\r\n", ContentFault::none, ContentFault::none, "a\r\n.\r\nb\r\n"},
  };
  for (const auto& c : cases) {
    const std::string wire = "a" + c.look_alike + "b\r\n.\r\n";
    CAPTURE(c.look_alike);
    const auto mending = decode_all_ways(wire + "RSET\r\n", BareLf::mend);
    CHECK(mending.ended);
    CHECK(mending.consumed == wire.size());
    CHECK(mending.fault == c.mending);
    if (c.mending == ContentFault::none) CHECK(mending.content == c.mended);

    const auto refusing = decode_all_ways(wire + "RSET\r\n", BareLf::refuse);
    CHECK(refusing.ended);
    CHECK(refusing.consumed == wire.size());
    CHECK(refusing.fault == c.refusing);
    CHECK_FALSE(refusing.mended);
  }
}

TEST_CASE("smtp: no look-alike ends the content where it stands first") {
  for (const auto& start :
       {".\n"s, ".\r.\r\n"s, "\n.\n"s, "\n.\r\n"s, "\r.\r\n"s, ".\r\r\n"s, "\0.\r\n"s, ".\0\r\n"s}) {
    CAPTURE(start);
    for (const auto mode : {BareLf::mend, BareLf::refuse}) {
      const auto found = decode_all_ways(start + "MAIL FROM:<x@y>\r\n.\r\n", mode);
      CHECK(found.ended);
      CHECK(found.consumed == start.size() + 20);
    }
  }
}

TEST_CASE("smtp: a dot line behind a bare LF is content, and stuffed on its way out") {
  const auto found = decode_all_ways("x\n.\r\ny\r\n.\r\n", BareLf::mend);
  CHECK(found.content == "x\r\n.\r\ny\r\n");
  CHECK(found.mended);
  CHECK(encode(found.content) == "x\r\n..\r\ny\r\n.\r\n");
}

TEST_CASE("smtp: a dot behind a bare LF is not unstuffed") {
  CHECK(decode_all_ways("x\n.y\r\n.\r\n", BareLf::mend).content == "x\r\n.y\r\n");
  CHECK(decode_all_ways("x\n..y\r\n.\r\n", BareLf::mend).content == "x\r\n..y\r\n");
  CHECK(decode_all_ways("x\n\r\n..y\r\n.\r\n", BareLf::mend).content == "x\r\n\r\n.y\r\n");
}

TEST_CASE("smtp: bare LFs are mended and told") {
  const auto found = decode_all_ways("a\nb\n\nc\n\r\n.\r\n", BareLf::mend);
  CHECK(found.content == "a\r\nb\r\n\r\nc\r\n\r\n");
  CHECK(found.mended);
  CHECK(found.fault == ContentFault::none);
}

TEST_CASE("smtp: the first fault is the one that stays") {
  CHECK(decode_all_ways("a\rb\0c\n\r\n.\r\n"s, BareLf::refuse).fault == ContentFault::bare_cr);
  CHECK(decode_all_ways("a\0b\rc\n\r\n.\r\n"s, BareLf::refuse).fault == ContentFault::nul);
  CHECK(decode_all_ways("a\nb\rc\0\r\n.\r\n"s, BareLf::refuse).fault == ContentFault::bare_lf);
}

TEST_CASE("smtp: forbidden octets do not come out, even though they were told") {
  const auto found = decode_all_ways("a\rb\0c\r\r\nd\r\n.\r\n"s, BareLf::mend);
  CHECK(found.content == "abc\r\nd\r\n");
}

TEST_CASE("smtp: eight-bit content is told, what follows the end is not counted") {
  CHECK(decode_all_ways("caf\xc3\xa9\r\n.\r\n", BareLf::mend).eight_bit);
  CHECK_FALSE(decode_all_ways("cafe\x7f\r\n.\r\n", BareLf::mend).eight_bit);
  CHECK_FALSE(decode_all_ways("cafe\r\n.\r\n\xc3\xa9", BareLf::mend).eight_bit);
}

TEST_CASE("smtp: content of any octets ends where CR LF . CR LF stands, and nowhere else") {
  // All strings of seven octets over what matters.
  constexpr std::string_view kAlphabet{"\r\n.\0x", 5};
  constexpr std::size_t kLength = 7;
  std::size_t count = 1;
  for (std::size_t i = 0; i < kLength; ++i) count *= kAlphabet.size();
  for (std::size_t number = 0; number < count; ++number) {
    std::string wire;
    for (auto rest = number; wire.size() < kLength; rest /= kAlphabet.size()) wire += kAlphabet[rest % 5];
    wire += "\r\n.\r\n";
    const auto end = ("\r\n" + wire).find("\r\n.\r\n") + 3;
    const auto whole = decode(wire, BareLf::mend, 0, wire.size());
    if (!whole.ended || whole.consumed != end || !(decode(wire, BareLf::mend, 0, 1) == whole)) {
      CAPTURE(wire);
      REQUIRE(whole.ended);
      REQUIRE(whole.consumed == end);
      REQUIRE((decode(wire, BareLf::mend, 0, 1) == whole));
    }
    const auto again = decode(encode(whole.content), BareLf::refuse, 0, 1024);
    if (again.content != whole.content || again.fault != ContentFault::none) {
      CAPTURE(wire);
      REQUIRE(again.fault == ContentFault::none);
      REQUIRE(again.content == whole.content);
    }
  }
}
