// Command lines out of a client's bytes: bounded, with the line end that was found. RFC 5321 §2.3.8,
// §4.5.3.1.4. A CR alone is part of the line (and refused by the command parser).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace homeward::smtp {

/// RFC 5321 §4.5.3.1.4 wants at least 512; extensions add; SASL answers may be 12288 (RFC 4954 §4).
inline constexpr std::size_t kMaxCommandLine = 2048;
inline constexpr std::size_t kMaxSaslLine = 12288;

enum class LineEnd : std::uint8_t { crlf, bare_lf };

struct SplitLine {
  std::string_view line;  ///< without its end; empty where too_long
  LineEnd end = LineEnd::crlf;
  std::size_t consumed = 0;  ///< octets taken from the input, the end included
  bool too_long = false;     ///< the line passes `limit`
};

/// The first line of `input`, or nothing where it has no end yet. `limit` counts the end too (RFC 5321
/// §4.5.3.1.4). Where `limit` octets or more hold no end, a too_long line with consumed = input.size() is
/// returned; what was taken then does not end in LF, and the caller goes on dropping until an end is found.
std::optional<SplitLine> split_line(std::string_view input, std::size_t limit);

}  // namespace homeward::smtp
