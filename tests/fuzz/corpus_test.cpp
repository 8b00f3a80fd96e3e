// Runs each fuzz target over its seeds, so that every build (and every sanitizer) exercises it without
// libFuzzer. A finding of the fuzzer becomes a seed in corpus/TARGET/, named by what it shows.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/targets.hpp"
#include "tests/support/catch.hpp"

namespace {

using Target = void (*)(std::string_view);

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The seed, and each of its beginnings: most faults of parsers sit at an end of input.
void run_seeds(const std::string& name, Target target) {
  int seeds = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(HOMEWARD_FUZZ_CORPUS) / name)) {
    const auto seed = read_file(entry.path());
    CAPTURE(entry.path().filename().string());
    for (std::size_t length = 0; length <= seed.size(); ++length) {
      CAPTURE(length);
      REQUIRE_NOTHROW(target(std::string_view(seed).substr(0, length)));
    }
    ++seeds;
  }
  CHECK(seeds >= 5);
}

}  // namespace

TEST_CASE("fuzz: command lines keep their promises over the seeds") {
  run_seeds("command_line", homeward::fuzz::fuzz_command_line);
}

TEST_CASE("fuzz: replies keep their promises over the seeds") {
  run_seeds("reply", homeward::fuzz::fuzz_reply);
}

TEST_CASE("fuzz: paths keep their promises over the seeds") {
  run_seeds("path", homeward::fuzz::fuzz_path);
}

TEST_CASE("fuzz: content keeps its promises over the seeds") {
  run_seeds("dot_codec", homeward::fuzz::fuzz_dot_codec);
}

TEST_CASE("fuzz: From fields keep their promises over the seeds") {
  run_seeds("from_field", homeward::fuzz::fuzz_from_field);
}

TEST_CASE("fuzz: headers keep their promises over the seeds") {
  run_seeds("header", homeward::fuzz::fuzz_header);
}
