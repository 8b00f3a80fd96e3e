// Base64 with padding, one text for the same bytes. RFC 4648 §4, §10 (the vectors).
#include "proxy/base/base64.hpp"

#include "tests/support/catch.hpp"

namespace homeward::base64 {
namespace {

using std::string_view_literals::operator""sv;

TEST_CASE("base64: bytes and text belong together, as RFC 4648 shows them") {
  struct Case {
    std::string_view bytes;
    std::string_view text;
  };
  const auto c =
      GENERATE(Case{"", ""}, Case{"f", "Zg=="}, Case{"fo", "Zm8="}, Case{"foo", "Zm9v"},
               Case{"foob", "Zm9vYg=="}, Case{"fooba", "Zm9vYmE="}, Case{"foobar", "Zm9vYmFy"},
               Case{"\0ann\0pw"sv, "AGFubgBwdw=="}, Case{"\xff\xfe\xfd", "//79"},
               Case{"\xfb\xef\xbe", "++++"}, Case{"\0"sv, "AA=="}, Case{"Username:", "VXNlcm5hbWU6"});
  CAPTURE(c.text);
  CHECK(encode(c.bytes) == c.text);
  const auto decoded = decode(c.text);
  REQUIRE(decoded);
  CHECK(*decoded == c.bytes);
}

TEST_CASE("base64: every byte in every place comes back") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto part = std::string_view(bytes).substr(bytes.size() - length);
    REQUIRE(decode(encode(part)) == part);
  }
}

TEST_CASE("base64: a text that is not exactly one encoding is refused") {
  const auto text = GENERATE("Z"sv, "Zg"sv, "Zg="sv, "Zm9"sv, "Zg==="sv, "===="sv, "="sv, "=="sv, "A==="sv,
                             "=Zg="sv, "Zg==Zg=="sv, "Z=g="sv, "Zm9v "sv, " Zm9v"sv, "Zm9v\r\n"sv, "Zm9\n"sv,
                             "Zm-_"sv, "Zm9\0"sv, "Zm9\xff"sv, "Zh=="sv, "Zm9="sv, "AB=="sv, "AAB="sv, "*"sv);
  CAPTURE(text);
  CHECK_FALSE(decode(text));
}

}  // namespace
}  // namespace homeward::base64
