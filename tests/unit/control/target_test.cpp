// The target of a request. RFC 3986.
#include "proxy/control/target.hpp"

#include "tests/support/catch.hpp"

namespace homeward::control {
namespace {

TEST_CASE("target: path and query are cut and decoded") {
  const auto target = parse_target("/v1/accounts/my%20home%2F/pause?since=5&x=a%26b&flag");
  REQUIRE(target);
  CHECK(target->path == std::vector<std::string>{"v1", "accounts", "my home/", "pause"});
  CHECK(target->value("since") == "5");
  CHECK(target->value("x") == "a&b");
  CHECK(target->value("flag").empty());
  CHECK(target->value("nothing").empty());
}

TEST_CASE("target: what is broken is no target") {
  const auto* const text = GENERATE("", "v1/status", "*", "http://homeward/v1/status", "/v1/%", "/v1/%2",
                                    "/v1/%zz", "/v1/%00", "/v1/status?x=%0");
  CAPTURE(text);
  CHECK_FALSE(parse_target(text));
}

TEST_CASE("target: what was escaped is read back") {
  const std::string name = "a b/c?d&e%f\xc3\xbc";
  const auto target = parse_target("/" + escape(name));
  REQUIRE(target);
  CHECK(target->path == std::vector<std::string>{name});
}

}  // namespace
}  // namespace homeward::control
