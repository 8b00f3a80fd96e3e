// The main of every Catch2 test program, compiled once.
#ifndef HOMEWARD_CATCH3
#define CATCH_CONFIG_RUNNER
#endif
#include "tests/support/catch.hpp"

int main(int argc, char* argv[]) {
  return Catch::Session().run(argc, argv);
}
