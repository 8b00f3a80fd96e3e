// From the text of one INI file to its sections and entries, through inih. inih cuts what is too long for
// its buffers, drops text behind " ;" and joins indented lines without a word; here each of these is a
// fault with its line. Knows no keys. Called by loader.cpp and fuzzed as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace homeward::conf {

/// One `name = value`, trimmed and without its quotes.
struct IniEntry {
  std::string name;
  std::string value;
  unsigned line = 0;
  bool comment_cut = false;  ///< an unquoted value was ended by " ;"
};

struct IniSection {
  std::string name;  ///< what stands between [ and ], blanks reduced to one; "" where that line is faulty
  unsigned line = 0;
  std::vector<IniEntry> entries;
};

/// A line that can't be taken. Holds nothing of any value: it might be a password.
struct IniFault {
  unsigned line = 0;
  std::string finding;
  std::string cure;
};

struct IniFile {
  std::vector<IniSection> sections;
  std::vector<IniFault> faults;
};

/// Reads a whole file; a UTF-8 byte order mark and CRLF line ends are accepted.
IniFile read_ini(std::string_view text);

/// Overwrites every value, once they are no longer needed.
void wipe_values(IniFile& file);

}  // namespace homeward::conf
