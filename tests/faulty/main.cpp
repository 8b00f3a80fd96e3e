// homeward_faulty: `homeward serve` for tests, with a clock that a test moves and a disk that fails as told.
// It serves and does nothing else; commands are asked of the real program. Run as: homeward_faulty serve
// --config FILE
//   HOMEWARD_CLOCK_FILE      the file that moves the clock (clock.hpp)
//   HOMEWARD_FAULT_STEP      the step of the spool at which the disk fails, by HOMEWARD_FAULT_ACTION
//   HOMEWARD_FAULT_RECORD    the file that gets each step's name (tests/support/fault_plan.hpp)
#include <fmt/format.h>
#include <sysexits.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <span>
#include <string_view>

#include "proxy/app/daemon.hpp"
#include "tests/faulty/clock.hpp"
#include "tests/support/fault_plan.hpp"
#include "tests/support/faulty_files.hpp"
#include "tests/support/faulty_vfs.hpp"

namespace {

std::string_view setting(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? std::string_view() : value;
}

int serve(std::string_view config) {
  const homeward::test::FileClock clock{std::filesystem::path(setting("HOMEWARD_CLOCK_FILE"))};
  const auto plan = homeward::test::FaultPlan::from_environment();
  const homeward::test::FaultyVfs vfs(plan);
  homeward::app::ServeEnvironment environment;
  environment.clock = &clock;
  environment.files = std::make_shared<homeward::test::FaultyFiles>(plan);
  environment.vfs = vfs.name();
  return homeward::app::run_serve({config, std::nullopt, "test"}, environment);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::span arguments(argv, static_cast<std::size_t>(argc));
    if (arguments.size() == 4 && std::string_view(arguments[1]) == "serve" &&
        std::string_view(arguments[2]) == "--config") {
      return serve(arguments[3]);
    }
    fmt::print(stderr, "usage: homeward_faulty serve --config FILE\n");
    return EX_USAGE;
  } catch (const std::exception& exception) {
    fmt::print(stderr, "homeward_faulty: {}\n", exception.what());
    return EX_SOFTWARE;
  }
}
