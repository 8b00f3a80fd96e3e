// Where things lie when no key says it: systemd's word before root's place before the person's.
#include "conf/directories.hpp"

#include "tests/support/catch.hpp"

namespace homeward::conf {
namespace {

struct Case {
  std::string given;
  Surroundings around;
  std::string state;
  std::string runtime;
};

TEST_CASE("conf: directories are looked for in their order") {
  const Surroundings person{.home = "/home/ann"};
  const Surroundings service{.state_directory = "/var/lib/homeward:/var/lib/other",
                             .runtime_directory = "/run/homeward-ann:/run/other",
                             .xdg_state_home = "/x",
                             .xdg_runtime_dir = "/y",
                             .home = "/home/ann",
                             .root = true};
  const auto c = GENERATE_COPY(values<Case>({
      {"/srv/a/../b", service, "/srv/b", "/srv/b"},
      {"", service, "/var/lib/homeward", "/run/homeward-ann"},
      {"", {.xdg_state_home = "/x", .home = "/root", .root = true}, "/var/lib/homeward", "/run/homeward"},
      {"", {.xdg_state_home = "/x", .xdg_runtime_dir = "/y", .home = "/h"}, "/x/homeward", "/y/homeward"},
      {"", person, "/home/ann/.local/state/homeward", "/home/ann/.local/state/homeward/run"},
      {"",
       {.state_directory = "relative", .xdg_state_home = "x", .xdg_runtime_dir = "y", .home = "/h"},
       "/h/.local/state/homeward",
       "/h/.local/state/homeward/run"},
  }));
  CAPTURE(c.given, c.state);
  const auto state = choose_state_directory(c.given, c.around);
  REQUIRE(state.has_value());
  CHECK(state->string() == c.state);
  CHECK(choose_runtime_directory(c.given, c.around, *state).string() == c.runtime);
}

TEST_CASE("conf: a process of which nothing is known is told to say where") {
  const auto state = choose_state_directory({}, {.home = "relative"});
  REQUIRE_FALSE(state.has_value());
  CHECK(state.error().cure.find("state_directory = ") != std::string::npos);
}

}  // namespace
}  // namespace homeward::conf
