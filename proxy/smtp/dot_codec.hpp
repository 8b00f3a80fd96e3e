// The content behind DATA: its end, dot-stuffing and line ends. Only CR LF . CR LF ends it (safety.md
// 2.1: SMTP smuggling); then, and only then, a bare LF of a tolerated client is mended into CR LF.
// What goes upstream is stuffed anew. Works on blocks (memchr), not on lines. RFC 5321 §4.1.1.4, §4.5.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace homeward::smtp {

enum class BareLf : std::uint8_t { mend, refuse };

/// What content may not hold; the first one found. Reading goes on to the true end all the same.
enum class ContentFault : std::uint8_t { none, bare_cr, bare_lf, nul };

/// From the wire to content, one decoder a message: unstuffed, every line ended by CR LF. A bare CR and a NUL
/// are noted as faults and left out, so that not even forbidden content could pass one on.
class DotDecoder {
 public:
  explicit DotDecoder(BareLf bare_lf) : bare_lf_(bare_lf) {}

  struct Step {
    std::size_t consumed = 0;  ///< octets of the input that were taken; all of it unless `ended`
    bool ended = false;        ///< CR LF . CR LF was met (or . CR LF as the very first line)
  };

  /// Decodes `input`, appending content to `out` (at most input.size() * 2 + 2 octets). After `ended`
  /// the rest of the input is the client's next command.
  Step decode(std::string_view input, std::string& out);

  ContentFault fault() const { return fault_; }
  bool mended_bare_lf() const { return mended_; }
  /// True where a byte above 0x7f was met. RFC 6152.
  bool has_eight_bit() const { return eight_bit_; }

 private:
  enum class State : std::uint8_t {
    line_start,      // at the start of the content, or behind a true CR LF
    line_start_dot,  // a dot at such a line start
    dot_cr,          // CR behind that dot
    in_line,         // also behind a bare LF: a dot there is content
    after_cr,        // CR inside a line
  };
  bool take(char c, std::string& out);
  void take_in_line(char c, std::string& out);
  void note(ContentFault fault);

  BareLf bare_lf_;
  State state_ = State::line_start;
  ContentFault fault_ = ContentFault::none;
  bool mended_ = false;
  bool eight_bit_ = false;
};

/// How content is kept apart from what follows: by stuffed dots and a last one (DATA), or by its length
/// (BDAT, RFC 3030 §2).
enum class Framing : std::uint8_t { dots, length };

/// From content (every line ended by CR LF) to the wire: dots stuffed where they frame it, the end written by
/// finish().
/// Whatever comes in, no line end but CR LF, no unstuffed dot and no NUL goes out: the second lock
/// behind DotDecoder's (a CR or LF alone becomes CR LF, a NUL is left out).
class DotEncoder {
 public:
  explicit DotEncoder(Framing framing = Framing::dots) : framing_(framing) {}

  /// Appends the stuffed form of `content` to `out` (at most content.size() * 2 + 2 octets).
  void encode(std::string_view content, std::string& out);
  /// Appends a CR LF where the content's last line had none, then ". CR LF" where dots frame it.
  void finish(std::string& out);

 private:
  void take(char c, std::string& out);

  Framing framing_;
  bool at_line_start_ = true;
  bool after_cr_ = false;
};

}  // namespace homeward::smtp
