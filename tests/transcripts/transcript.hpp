// Transcript: an SMTP dialogue as a text file (README.md has the form), from text to lines. What the lines
// mean is the business of the two players, client_player and upstream_player.
#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace homeward::test {

struct ScriptLine {
  unsigned number = 0;
  std::string tag;       ///< "C", "S", "U", "D", or a word alone: "closed", "--"
  std::string text;      ///< expanded; with raw lines, the bytes themselves
  bool raw = false;      ///< `C\:` escapes are read and no line end is added
  bool pattern = false;  ///< `S~` each * stands for anything
  unsigned times = 1;    ///< `S*9:` so many such lines
};

struct Transcript {
  std::string name;
  std::map<std::string, std::string> settings;
  std::vector<ScriptLine> lines;

  bool has(const std::string& key) const { return settings.contains(key); }
  std::string setting(const std::string& key, const std::string& otherwise) const {
    const auto found = settings.find(key);
    return found == settings.end() ? otherwise : found->second;
  }
};

/// Reads a file. Error: "FILE:LINE: what is wrong". A file must open with a comment that says why.
std::expected<Transcript, std::string> read_transcript(const std::filesystem::path& file);

/// Whether `text` is as a line of a transcript says.
bool agrees(const ScriptLine& line, std::string_view text);

/// Bytes as a transcript would write them, for messages.
std::string shown(std::string_view bytes);

}  // namespace homeward::test
