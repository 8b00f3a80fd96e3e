// Small text tools that know ASCII and nothing of SMTP: case, trimming, splitting, nearest word,
// and making foreign text fit to print.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace homeward::text {

char to_lower(char c);
std::string to_lower(std::string_view s);
std::string to_upper(std::string_view s);
/// Equality of ASCII letters without case; other bytes as they are.
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view s, std::string_view prefix);

/// Without blanks and tabs at both ends.
std::string_view trim(std::string_view s);
/// The parts between separators, trimmed; empty parts are left out.
std::vector<std::string_view> split(std::string_view s, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);

/// C0 controls and DEL.
bool has_control(std::string_view s);
/// Controls (those of Unicode too: C1, separators, changes of direction) and, unless `s` is valid UTF-8,
/// bytes above 0x7e become '?'; at most `limit` bytes are kept.
std::string printable(std::string_view s, std::size_t limit = 512);
bool is_ascii(std::string_view s);
bool is_valid_utf8(std::string_view s);

/// The candidate with the smallest edit distance to `word`, or "" where none comes near
/// (more than a third of the longer one's letters differ).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace homeward::text
