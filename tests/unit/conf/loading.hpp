// Loading a text as a file, and looking for a problem among those told.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "conf/loader.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/conf/scratch_folder.hpp"

namespace homeward::test {

inline constexpr std::string_view kAccount =
    "[account home]\naddress = ann@isp.example\nserver = smtp.isp.example\npassword_command = true\n";

inline std::string all_text(const std::vector<conf::Problem>& problems) {
  std::string text;
  for (const auto& problem : problems) text += problem.to_string() + '\n';
  return text;
}

/// The problems of a file with that text; empty where it loads.
inline std::vector<conf::Problem> problems_of(std::string_view text, mode_t mode = 0600) {
  const ScratchFolder folder;
  const auto loaded = conf::load(folder.write("homeward.ini", text, mode));
  return loaded ? std::vector<conf::Problem>{} : loaded.error();
}

/// The Config of a file with that text; the test fails with the problems where it doesn't load.
inline std::shared_ptr<const conf::Config> config_of(std::string_view text) {
  const ScratchFolder folder;
  const auto loaded = conf::load(folder.write("homeward.ini", text));
  if (!loaded) FAIL(all_text(loaded.error()));
  return *loaded;
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace homeward::test
