// Matching: all that a row gives must hold, and the first row that fits is taken. A server breaks its words
// into lines where it likes, so they are looked at as one line.
#include "proxy/mail/advice.hpp"

#include <algorithm>

#include "proxy/base/text.hpp"

namespace homeward::mail {
namespace {

/// Words without any code have to be this long, and longer where the row asks for an enhanced code.
constexpr std::size_t kBareWords = 10;
constexpr std::size_t kBareWordsOfACode = 20;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// A number of a pattern has to be a whole one: "error 110" is not in "error 1102".
bool cuts_a_number(std::string_view line, std::size_t begin, std::size_t end) {
  const bool at_begin = begin > 0 && is_digit(line[begin]) && is_digit(line[begin - 1]);
  const bool at_end = end < line.size() && is_digit(line[end - 1]) && is_digit(line[end]);
  return at_begin || at_end;
}

std::size_t place_of(std::string_view piece, std::string_view line) {
  auto found = line.find(piece);
  while (found != std::string_view::npos && !piece.empty() &&
         cuts_a_number(line, found, found + piece.size()))
    found = line.find(piece, found + 1);
  return found;
}

/// Whether the pieces between the stars stand in `line`, in their order. A piece is taken where it comes
/// first, which leaves the most for those behind it.
bool stands_in(std::string_view pattern, std::string_view line) {
  while (!pattern.empty()) {
    const auto star = std::min(pattern.find('*'), pattern.size());
    const auto piece = pattern.substr(0, star);
    const auto found = place_of(piece, line);
    if (found == std::string_view::npos) return false;
    line.remove_prefix(found + piece.size());
    pattern.remove_prefix(std::min(star + 1, pattern.size()));
  }
  return true;
}

/// Letters of the longest of the row's words that are there; 0: none of `least` letters is.
std::size_t letters_in(const AdviceRow& row, std::string_view line, std::size_t least = 1) {
  std::size_t most = 0;
  for (const auto& pattern : row.texts)
    if (pattern.size() >= least && pattern.size() > most && stands_in(pattern, line)) most = pattern.size();
  return most;
}

std::size_t least_letters(const AdviceRow& row, const Heard& heard) {
  if (heard.code || heard.enhanced) return 1;
  return row.enhanced.empty() ? kBareWords : kBareWordsOfACode;
}

template <class Value>
bool is_any_of(const Value& value, const std::vector<Value>& values) {
  return std::ranges::find(values, value) != values.end();
}

bool codes_fit(const AdviceRow& row, const Heard& heard) {
  if (!heard.code && !heard.enhanced) return !row.texts.empty();
  if (!row.enhanced.empty() && (!heard.enhanced || !is_any_of(*heard.enhanced, row.enhanced))) return false;
  if (row.codes.empty()) return true;
  if (heard.code) return is_any_of(*heard.code, row.codes);
  return std::ranges::any_of(row.codes, [&](int code) { return code / 100 == heard.enhanced->status; });
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
      out += text::to_lower(c);
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

std::optional<Hit> AdviceTable::look_up(const Heard& heard, std::string_view provider) const {
  for (const auto& row : rows_) {
    if (row.place != Place::reply || !codes_fit(row, heard)) continue;
    if (!row.provider.empty() && !text::equals_ignoring_case(row.provider, provider)) continue;
    const auto letters = letters_in(row, heard.line, least_letters(row, heard));
    if (letters > 0 || row.texts.empty()) return Hit{&row, letters};
  }
  return std::nullopt;
}

std::optional<Hit> AdviceTable::look_in_box(std::string_view line) const {
  for (const auto& row : rows_) {
    if (row.place != Place::box) continue;
    if (const auto letters = letters_in(row, line); letters > 0) return Hit{&row, letters};
  }
  return std::nullopt;
}

const Advice* AdviceTable::find(const smtp::Reply& reply, std::string_view provider) const {
  std::string words;
  for (const auto& line : reply.lines) words += line + '\n';
  const auto line = one_line(words);
  const auto hit = look_up({reply.code, reply.enhanced, line}, provider);
  return hit ? &hit->row->advice : nullptr;
}

bool AdviceTable::is_temporary(const smtp::Reply& reply, std::string_view provider) const {
  if (reply.is_transient()) return true;
  if (!reply.is_permanent()) return false;
  const auto* advice = find(reply, provider);
  return advice != nullptr && advice->temporary;
}

}  // namespace homeward::mail
