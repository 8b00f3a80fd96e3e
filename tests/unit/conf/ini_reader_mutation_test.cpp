// Thousands of damaged configurations, always the same ones: the reader and the loader must come to an end,
// touch no foreign memory (sanitizer build), give every line at most one entry or one fault, and cut nothing.
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "conf/ini_reader.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/conf/loading.hpp"

namespace homeward::conf {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t limit) {
  return limit == 0 ? 0 : random() % limit;
}

std::string example(const char* name) {
  std::ifstream file(std::string(HOMEWARD_EXAMPLES "/") + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::string& piece(Random& random) {
  static const std::vector<std::string> kPieces{"\"",
                                                "\\",
                                                ";",
                                                " ;",
                                                "[",
                                                "]",
                                                "=",
                                                ":",
                                                "\n",
                                                "\r",
                                                "\r\n",
                                                " ",
                                                "\t",
                                                "#",
                                                ",",
                                                "/",
                                                "//",
                                                "@",
                                                "*",
                                                std::string(1, '\0'),
                                                "\xEF\xBB\xBF",
                                                "\xFF",
                                                "\\\"",
                                                "\\\\",
                                                std::string(199, 'x'),
                                                std::string(260, ' '),
                                                "[account home]\n",
                                                "[listener lan]\n",
                                                "[defaults]\n",
                                                "[homeward]\ninclude = *\n",
                                                "password = \"a ; b\"\n",
                                                "allow = ::/0\n",
                                                "99999999999999999999",
                                                "address = [::1]:70000\n"};
  return kPieces[below(random, kPieces.size())];
}

std::string mutated(std::string text, Random& random) {
  const auto edits = 1 + below(random, 8);
  for (std::size_t i = 0; i < edits; ++i) {
    const auto at = below(random, text.size() + 1);
    switch (random() % 4) {
      case 0:
        text.insert(at, piece(random));
        break;
      case 1:
        text.erase(at, 1 + below(random, 40));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random() % 256);
        break;
      default: {
        const auto from = below(random, text.size() + 1);
        text.insert(at, text.substr(from, below(random, 120)));
      }
    }
  }
  return text;
}

void check_lines(const std::string& text, const IniFile& file) {
  const auto lines = 1 + static_cast<unsigned>(std::count(text.begin(), text.end(), '\n'));
  std::set<unsigned> told;
  for (const auto& fault : file.faults) {
    REQUIRE(fault.line >= 1);
    REQUIRE(fault.line <= lines);
    REQUIRE(told.insert(fault.line).second);
  }
  for (const auto& section : file.sections)
    for (const auto& entry : section.entries) {
      REQUIRE(entry.line <= lines);
      REQUIRE(told.insert(entry.line).second);
      REQUIRE(text.find(entry.name) != std::string::npos);
    }
}

TEST_CASE("conf: the reader takes damaged files to their end") {
  const auto seed = GENERATE(1U, 2U);
  const auto original = example(seed == 1 ? "office-gateway.ini" : "laptop-two-isps.ini");
  REQUIRE_FALSE(original.empty());
  Random random(seed);
  for (int round = 0; round < 4000; ++round) {
    const auto text = mutated(original, random);
    CAPTURE(seed, round);
    check_lines(text, read_ini(text));
  }
}

TEST_CASE("conf: the loader tells what is wrong with damaged files") {
  const auto original = example("office-gateway.ini");
  const test::ScratchFolder folder;
  Random random(3);
  int refused = 0;
  for (int round = 0; round < 1000; ++round) {
    const auto loaded = load(folder.write("homeward.ini", mutated(original, random)));
    CAPTURE(round);
    if (loaded) {
      REQUIRE_FALSE((*loaded)->accounts.empty());
      REQUIRE_FALSE((*loaded)->listeners.empty());
      continue;
    }
    ++refused;
    REQUIRE_FALSE(loaded.error().empty());
    for (const auto& problem : loaded.error()) REQUIRE_FALSE(problem.finding.empty());
  }
  REQUIRE(refused > 300);
}

TEST_CASE("conf: any value survives its quotes") {
  Random random(4);
  for (int round = 0; round < 4000; ++round) {
    std::string value;
    const auto length = below(random, 60);
    while (value.size() < length) {
      const auto c =
          static_cast<char>(random() % 4 == 0 ? " ;\"\\#[]=:\t"[random() % 10] : 0x20 + random() % 224);
      if (c != 0x7f) value += c;
    }
    std::string written;
    for (const char c : value) {
      if (c == '"' || c == '\\') written += '\\';
      written += c;
    }
    CAPTURE(round, written);
    const auto file = read_ini("[s]\nk = \"" + written + "\"\n");
    REQUIRE(file.faults.empty());
    REQUIRE(file.sections.at(0).entries.at(0).value == value);
  }
}

}  // namespace
}  // namespace homeward::conf
