// `homeward config --json`: every row of the table, with null where there is no default.
#include "proxy/app/config_command.hpp"

#include <fmt/format.h>

#include "conf/schema.hpp"
#include "tests/support/catch.hpp"

namespace homeward::app {
namespace {

TEST_CASE("app: the JSON reference has every key once in each section that has it") {
  const auto text = reference_json();
  CHECK(text.starts_with(R"([{"section":"homeward","keys":[{"key":"hostname",)"));
  std::size_t found = 0;
  for (auto at = text.find("{\"key\":"); at != std::string::npos; at = text.find("{\"key\":", at + 1))
    ++found;
  CHECK(found == conf::all_keys().size());
  for (const auto& key : conf::all_keys()) {
    CAPTURE(key.name);
    CHECK(text.find(fmt::format("{{\"key\":\"{}\",", key.name)) != std::string::npos);
  }
}

TEST_CASE("app: a key without a default has null there") {
  const auto text = reference_json();
  CHECK(text.find(R"("required":true,"default":null,"example":"ann@isp.example")") != std::string::npos);
  CHECK(text.find(R"("required":false,"default":"50M","example":null)") != std::string::npos);
}

}  // namespace
}  // namespace homeward::app
