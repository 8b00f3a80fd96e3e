#include "proxy/smtp/xtext.hpp"

#include <algorithm>

namespace homeward::smtp {
namespace {

/// The digit's value, or nothing. Lower case is none: RFC 3461 §4 has upper case alone.
std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

}  // namespace

// xchar = %d33-42 / %d44-60 / %d62-126; hexchar = "+" 2(HEXDIG)
std::optional<std::string> decode_xtext(std::string_view text) {
  std::string octets;
  octets.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c <= ' ' || c > '~' || c == '=') return std::nullopt;
    if (c != '+') {
      octets += c;
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    octets += static_cast<char>(static_cast<unsigned char>(*high * 16 + *low));
    i += 2;
  }
  return octets;
}

bool is_printable_xtext(std::string_view text) {
  const auto octets = decode_xtext(text);
  return octets && !octets->empty() &&
         std::ranges::all_of(*octets, [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
}

}  // namespace homeward::smtp
