// The content behind DATA: finds its end and drops the dots that were stuffed in (RFC 5321 §4.5.2). Works on
// blocks: only dots are looked for, by memchr, never lines.
#pragma once

#include <cstddef>
#include <string_view>

#include "tests/bench/letter.hpp"

namespace bench {

class DotReader {
 public:
  struct Taken {
    std::size_t octets = 0;  ///< of the block; the rest is to be given again, with more behind it
    bool ended = false;      ///< the last dot was among them
  };
  Taken take(std::string_view block, Checker& to);

 private:
  bool begins_line(std::string_view block, std::size_t at) const;
  void remember(std::string_view taken);

  bool at_line_ = true;    // the next octet begins a line
  bool after_cr_ = false;  // the last octet was CR
};

}  // namespace bench
