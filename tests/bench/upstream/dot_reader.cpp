#include "tests/bench/upstream/dot_reader.hpp"

namespace bench {

bool DotReader::begins_line(std::string_view block, std::size_t at) const {
  if (at == 0) return at_line_;
  if (at == 1) return after_cr_ && block[0] == '\n';
  return block[at - 1] == '\n' && block[at - 2] == '\r';
}

void DotReader::remember(std::string_view taken) {
  if (taken.empty()) return;
  const bool line = taken.ends_with("\r\n") || (taken == "\n" && after_cr_);
  after_cr_ = taken.back() == '\r';
  at_line_ = line;
}

DotReader::Taken DotReader::take(std::string_view block, Checker& to) {
  constexpr std::string_view kEnd = ".\r\n";
  std::size_t kept = 0;  // up to here it was handed on
  for (auto dot = block.find('.'); dot != std::string_view::npos; dot = block.find('.', dot + 1)) {
    if (!begins_line(block, dot)) continue;
    to.feed(block.substr(kept, dot - kept));
    if (block.size() - dot < kEnd.size()) {  // what stands behind it decides
      remember(block.substr(0, dot));
      return {.octets = dot, .ended = false};
    }
    if (block.substr(dot, kEnd.size()) == kEnd) return {.octets = dot + kEnd.size(), .ended = true};
    kept = dot + 1;
  }
  to.feed(block.substr(kept));
  remember(block);
  return {.octets = block.size(), .ended = false};
}

}  // namespace bench
