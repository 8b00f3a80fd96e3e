// JSON strings hold whatever a configuration or a peer can bring. RFC 8259 §7.
#include "proxy/app/json_text.hpp"

#include "tests/support/catch.hpp"

namespace homeward::app {
namespace {

TEST_CASE("app: a JSON string escapes what it must") {
  CHECK(json::string("") == "\"\"");
  CHECK(json::string("a\"b\\c") == R"("a\"b\\c")");
  CHECK(json::string("a\nb\x01") == R"("a\u000ab\u0001")");
  CHECK(json::string(std::string_view("a\0b", 3)) == R"("a\u0000b")");
  CHECK(json::string("\xC3\xA4/") == "\"\xC3\xA4/\"");
}

TEST_CASE("app: bytes that are not UTF-8 never reach JSON") {
  CHECK(json::string("a\xFF") == "\"a?\"");
}

TEST_CASE("app: JSON values nest") {
  CHECK(json::object({}) == "{}");
  CHECK(json::object({{"a", json::array({"1", "2"})}, {"b", json::boolean(false)}}) ==
        R"({"a":[1,2],"b":false})");
  CHECK(json::array_of_strings({"x", "y"}) == R"(["x","y"])");
}

}  // namespace
}  // namespace homeward::app
