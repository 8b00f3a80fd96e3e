// Dot-stuffing and line ends of content, on blocks. Clean stretches are found by memchr and copied whole;
// only the octets around a dot, a bare CR or LF, a NUL or a block's edge go through the state tables. RFC
// 5321 §2.3.8, §4.1.1.4, §4.5.2; safety.md 2.1.
#include "proxy/smtp/dot_codec.hpp"

#include <algorithm>

namespace homeward::smtp {

namespace {

/// Where the next octet of one kind stands. What was found is kept until it is passed, so a block is
/// searched once, whatever it holds.
class NextOctet {
 public:
  NextOctet(std::string_view block, char octet) : block_(block), octet_(octet), at_(find(0)) {}
  std::size_t from(std::size_t position) {
    if (at_ < position) at_ = find(position);
    return at_;
  }

 private:
  std::size_t find(std::size_t position) const {
    return std::min(block_.find(octet_, position), block_.size());
  }

  std::string_view block_;
  char octet_;
  std::size_t at_;
};

/// Finds stretches that need no change, be it on the way in or out.
class CleanStretch {
 public:
  explicit CleanStretch(std::string_view block)
      : block_(block), cr_(block, '\r'), lf_(block, '\n'), nul_(block, '\0') {}

  /// The end of the clean stretch that starts at `position`, inside a line: whole lines as long as none
  /// starts with a dot, up to a CR or LF that is no CR LF within this block, a NUL, or the block's end.
  std::size_t end(std::size_t position) {
    const std::size_t nul = nul_.from(position);
    for (;;) {
      const std::size_t cr = cr_.from(position);
      const std::size_t stop = std::min({cr, lf_.from(position), nul});
      if (stop != cr || stop + 1 >= block_.size() || block_[stop + 1] != '\n') return stop;
      position = stop + 2;
      if (position == block_.size() || block_[position] == '.') return position;
    }
  }

 private:
  std::string_view block_;
  NextOctet cr_;
  NextOctet lf_;
  NextOctet nul_;
};

/// Without an early exit, so that it is done many octets at a time.
bool any_eight_bit(std::string_view block) {
  unsigned char all = 0;
  for (const char c : block) all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
  return (all & 0x80U) != 0;
}

}  // namespace

DotDecoder::Step DotDecoder::decode(std::string_view input, std::string& out) {
  Step step;
  CleanStretch clean(input);
  while (step.consumed < input.size() && !step.ended) {
    if (state_ == State::in_line) {
      const std::size_t end = clean.end(step.consumed);
      out.append(input, step.consumed, end - step.consumed);
      // A clean stretch has no LF but behind CR.
      if (end > step.consumed && input[end - 1] == '\n') state_ = State::line_start;
      step.consumed = end;
      if (end == input.size()) break;
    }
    step.ended = take(input[step.consumed], out);
    ++step.consumed;
  }
  if (!eight_bit_) eight_bit_ = any_eight_bit(input.substr(0, step.consumed));
  return step;
}

/// One octet by the state table; true where it was the last of CR LF . CR LF.
bool DotDecoder::take(char c, std::string& out) {
  switch (state_) {
    case State::line_start:
      if (c != '.') break;
      state_ = State::line_start_dot;
      return false;
    case State::line_start_dot:
      if (c == '\r') {
        state_ = State::dot_cr;
        return false;
      }
      // With a bare LF the line is the dot alone and content; else the dot was stuffing.
      if (c == '\n') out += '.';
      break;
    case State::dot_cr:
      if (c == '\n') return true;
      note(ContentFault::bare_cr);
      break;
    case State::after_cr:
      if (c == '\n') {
        out += "\r\n";
        state_ = State::line_start;
        return false;
      }
      note(ContentFault::bare_cr);
      break;
    case State::in_line:
      break;
  }
  take_in_line(c, out);
  return false;
}

void DotDecoder::take_in_line(char c, std::string& out) {
  state_ = State::in_line;
  switch (c) {
    case '\r':
      state_ = State::after_cr;
      return;
    case '\0':
      note(ContentFault::nul);
      return;
    case '\n':
      // Behind it a dot is content: the state stays in_line, never line_start.
      if (bare_lf_ == BareLf::refuse) note(ContentFault::bare_lf);
      if (bare_lf_ == BareLf::mend) mended_ = true;
      out += "\r\n";
      return;
    default:
      out += c;
  }
}

void DotDecoder::note(ContentFault fault) {
  if (fault_ == ContentFault::none) fault_ = fault;
}

void DotEncoder::encode(std::string_view content, std::string& out) {
  std::size_t position = 0;
  CleanStretch clean(content);
  while (position < content.size()) {
    if (!at_line_start_ && !after_cr_) {
      const std::size_t end = clean.end(position);
      out.append(content, position, end - position);
      at_line_start_ = end > position && content[end - 1] == '\n';
      position = end;
      if (end == content.size()) return;
    }
    take(content[position], out);
    ++position;
  }
}

void DotEncoder::take(char c, std::string& out) {
  if (after_cr_) {
    after_cr_ = false;
    at_line_start_ = true;
    out += "\r\n";
    if (c == '\n') return;
  }
  switch (c) {
    case '\0':
      return;
    case '\r':
      after_cr_ = true;
      return;
    case '\n':
      out += "\r\n";
      at_line_start_ = true;
      return;
    default:
      if (c == '.' && at_line_start_ && framing_ == Framing::dots) out += '.';
      out += c;
      at_line_start_ = false;
  }
}

void DotEncoder::finish(std::string& out) {
  if (after_cr_ || !at_line_start_) out += "\r\n";
  if (framing_ == Framing::dots) out += ".\r\n";
}

}  // namespace homeward::smtp
