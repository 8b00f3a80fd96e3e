// One section of a file, and how its entries get into a Config's struct by way of the table. Collects
// findings with their places. Called by loader.cpp and checks.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "conf/ini_reader.hpp"
#include "conf/loader.hpp"
#include "conf/schema.hpp"

namespace homeward::conf {

enum class Heading : std::uint8_t { homeward, defaults, listener, account, provider };

/// A section whose heading is known. Refers to the file that it was read from.
struct Section {
  Heading heading = Heading::homeward;
  std::string name;  ///< of a listener, account or provider
  const std::string* file = nullptr;
  const std::filesystem::path* folder = nullptr;
  const IniSection* body = nullptr;

  std::string title() const;  ///< "[account home]"
  /// The first entry of that key, or nullptr.
  const IniEntry* find(std::string_view key) const;
  unsigned line_of(std::string_view key) const;  ///< the section's own line where the key is not given
};

/// All findings so far, each told once.
class Findings {
 public:
  void add(const Section& section, unsigned line, std::string_view key, Rejection rejection);
  void add(const Section& section, std::string_view key, Rejection rejection) {
    add(section, section.line_of(key), key, std::move(rejection));
  }
  void add(Problem problem);
  bool empty() const { return problems_.empty(); }
  std::vector<Problem>& problems() { return problems_; }

 private:
  std::vector<Problem> problems_;
};

/// Sets everything that the section says. Findings: unknown keys, keys given twice, values that can't be
/// taken, values without quotes that an inline comment would end.
void apply(const Section& section, HomewardSection& target, Findings& findings);
void apply(const Section& section, Listener& target, Findings& findings);
void apply(const Section& section, AccountConfig& target, Findings& findings);
void apply(const Section& section, mail::Provider& target, Findings& findings);

}  // namespace homeward::conf
