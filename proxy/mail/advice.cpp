// Matching: all that a row gives must hold, and the first row that fits is taken. A server breaks its words
// into lines where it likes, so they are looked at as one line.
#include "proxy/mail/advice.hpp"

#include <algorithm>

#include "proxy/base/text.hpp"

namespace homeward::mail {
namespace {

/// The reply's text as one line: lower case, one blank between words.
std::string one_line(const smtp::Reply& reply) {
  std::string out;
  for (const auto& line : reply.lines) {
    for (const char c : line) {
      if (c != ' ' && c != '\t')
        out += text::to_lower(c);
      else if (!out.empty() && out.back() != ' ')
        out += ' ';
    }
    if (!out.empty() && out.back() != ' ') out += ' ';
  }
  return out;
}

/// Whether the pieces between the stars stand in `line`, in their order. A piece is taken where it comes
/// first, which leaves the most for those behind it.
bool stands_in(std::string_view pattern, std::string_view line) {
  while (!pattern.empty()) {
    const auto star = std::min(pattern.find('*'), pattern.size());
    const auto piece = pattern.substr(0, star);
    const auto found = line.find(piece);
    if (found == std::string_view::npos) return false;
    line.remove_prefix(found + piece.size());
    pattern.remove_prefix(std::min(star + 1, pattern.size()));
  }
  return true;
}

template <class Value>
bool is_any_of(const Value& value, const std::vector<Value>& values) {
  return std::ranges::find(values, value) != values.end();
}

bool fits(const AdviceRow& row, const smtp::Reply& reply, std::string_view line, std::string_view provider) {
  if (!row.codes.empty() && !is_any_of(reply.code, row.codes)) return false;
  if (!row.enhanced.empty() && (!reply.enhanced || !is_any_of(*reply.enhanced, row.enhanced))) return false;
  if (!row.provider.empty() && !text::equals_ignoring_case(row.provider, provider)) return false;
  return row.texts.empty() ||
         std::ranges::any_of(row.texts, [&](const std::string& pattern) { return stands_in(pattern, line); });
}

}  // namespace

const Advice* AdviceTable::find(const smtp::Reply& reply, std::string_view provider) const {
  const auto line = one_line(reply);
  const auto row =
      std::ranges::find_if(rows_, [&](const AdviceRow& each) { return fits(each, reply, line, provider); });
  return row == rows_.end() ? nullptr : &row->advice;
}

bool AdviceTable::is_temporary(const smtp::Reply& reply, std::string_view provider) const {
  if (reply.is_transient()) return true;
  if (!reply.is_permanent()) return false;
  const auto* advice = find(reply, provider);
  return advice != nullptr && advice->temporary;
}

}  // namespace homeward::mail
