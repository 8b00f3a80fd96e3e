#include "proxy/mail/pasted_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "proxy/base/text.hpp"
#include "proxy/mail/advice.hpp"

namespace homeward::mail {
namespace {

constexpr std::size_t kMaxQuoted = 50;
constexpr std::size_t kMaxWords = 700;  // of one reply
constexpr std::size_t kMaxTag = 300;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Length of the HTML tag at the begin of `text`, 0 where there is none: <bob@y.test> is none.
std::size_t tag_length(std::string_view text) {
  constexpr auto kTags = std::to_array<std::string_view>(
      {"a",    "b",      "blockquote", "body",  "br",   "code", "div", "em", "font", "h1",
       "h2",   "h3",     "h4",         "hr",    "html", "i",    "li",  "ol", "p",    "pre",
       "span", "strong", "table",      "tbody", "td",   "th",   "tr",  "u",  "ul"});
  std::size_t begin = text.starts_with("</") ? 2 : 1;
  auto end = begin;
  while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]))) ++end;
  const auto name = text::to_lower(text.substr(begin, end - begin));
  if (end == text.size() || std::ranges::find(kTags, name) == kTags.end()) return 0;
  if (text[end] != '>' && text[end] != ' ' && text[end] != '/') return 0;
  const auto close = text.substr(0, kMaxTag).find('>', end);
  return close == std::string_view::npos ? 0 : close + 1;
}

/// A piece of foreign text and what it is taken for.
struct Swap {
  std::string_view from;
  std::string_view to;
};

constexpr auto kSwaps = std::to_array<Swap>({
    {"&lt;", "<"},         {"&gt;", ">"},          {"&amp;", "&"},         {"&quot;", "\""},
    {"&apos;", "'"},       {"&nbsp;", " "},        {"&#39;", "'"},         {"&#34;", "\""},
    {"&#60;", "<"},        {"&#62;", ">"},         {"&#x27;", "'"},        {"&rsquo;", "'"},
    {"&lsquo;", "'"},      {"&ldquo;", "\""},      {"&rdquo;", "\""},      {"=\r\n", ""},
    {"=\n", ""},           {"\\r", " "},           {"\\n", " "},           {"\\t", " "},
    {"\xc2\xa0", " "},     {"\xc2\xad", ""},       {"\xe2\x80\x8b", ""},   {"\xe2\x80\x98", "'"},
    {"\xe2\x80\x99", "'"}, {"\xe2\x80\x9c", "\""}, {"\xe2\x80\x9d", "\""}, {"\xe2\x80\x9e", "\""},
    {"\xe2\x80\xaf", " "}, {"\xe2\x80\x91", "-"},  {"\xef\xbb\xbf", ""},   {"\xc3\x97", "x"},
});

const Swap* swap_at(std::string_view text) {
  const auto found =
      std::ranges::find_if(kSwaps, [&](const Swap& swap) { return text.starts_with(swap.from); });
  return found == kSwaps.end() ? nullptr : &*found;
}

/// "> " and "| " at the begin of a line, as replies to mail quote.
std::size_t quotation_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && (text[length] == '>' || text[length] == '|' || text[length] == ' '))
    ++length;
  return length;
}

/// A number of at most `most` digits at the begin of `text`, taken off it.
std::optional<std::uint16_t> take_number(std::string_view& text, std::size_t most) {
  std::size_t length = 0;
  unsigned value = 0;
  while (length < text.size() && is_digit(text[length])) {
    value = value * 10 + static_cast<unsigned>(text[length] - '0');
    if (++length > most) return std::nullopt;
  }
  if (length == 0) return std::nullopt;
  text.remove_prefix(length);
  return static_cast<std::uint16_t>(value);
}

bool take_dot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

/// RFC 3463 §2: class "." subject "." detail; no IPv4 address, no number of a version with more parts.
std::optional<EnhancedCode> take_enhanced(std::string_view& text) {
  auto rest = text;
  const auto status = take_number(rest, 1);
  if (!status || (*status != 4 && *status != 5) || !take_dot(rest)) return std::nullopt;
  const auto subject = take_number(rest, 3);
  if (!subject || !take_dot(rest)) return std::nullopt;
  const auto detail = take_number(rest, 3);
  if (!detail) return std::nullopt;
  const bool goes_on = rest.size() > 1 && (rest[0] == '.' || rest[0] == '-') && is_digit(rest[1]);
  if (goes_on || (!rest.empty() && (is_letter(rest[0]) || rest[0] == '_'))) return std::nullopt;
  text = rest;
  return EnhancedCode{static_cast<std::uint8_t>(*status), *subject, *detail};
}

/// Where a reply begins in a line, and where its words do.
struct Start {
  std::size_t begin = 0;
  std::size_t words = 0;
  std::optional<int> code;
  std::optional<EnhancedCode> enhanced;
  bool marked = false;
};

bool may_begin(std::string_view line, std::size_t at) {
  if (at == 0) return true;
  const char before = line[at - 1];
  if (is_letter(before)) return before == 'b' && at > 1 && line[at - 2] == '\'';
  constexpr std::string_view kParts = ".-/_:+$%&@";
  if (before == ':' && at > 1 && !is_digit(line[at - 2])) return true;
  return !is_digit(before) && kParts.find(before) == std::string_view::npos;
}

std::optional<Start> code_at(std::string_view line, std::size_t at) {
  auto rest = line.substr(at);
  if (rest.size() < 3 || (rest[0] != '4' && rest[0] != '5') || !is_digit(rest[1]) || !is_digit(rest[2]))
    return std::nullopt;
  constexpr std::string_view kBehind = " -,:;)#'\"!";
  if (rest.size() > 3 && kBehind.find(rest[3]) == std::string_view::npos) return std::nullopt;
  Start start{.begin = at,
              .words = at + 3,
              .code = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0'),
              .enhanced = std::nullopt,
              .marked = true};
  rest.remove_prefix(3);
  constexpr std::string_view kBetween = " -,:;(#'\"b";
  for (int skipped = 0; skipped < 5 && !rest.empty() && kBetween.find(rest[0]) != std::string_view::npos;
       ++skipped)
    rest.remove_prefix(1);
  const auto enhanced = take_enhanced(rest);
  if (enhanced && enhanced->status == *start.code / 100) {
    start.enhanced = enhanced;
    start.words = line.size() - rest.size();
  }
  return start;
}

std::optional<Start> enhanced_at(std::string_view line, std::size_t at) {
  auto rest = line.substr(at);
  const auto enhanced = take_enhanced(rest);
  if (!enhanced) return std::nullopt;
  const auto before = line.substr(0, at);
  const auto marks = std::to_array<std::string_view>(
      {"dsn=", "status: ", "#", "error: ", "error ", "smtp; ", "responded: "});
  const bool marked =
      std::ranges::any_of(marks, [&](std::string_view mark) { return before.ends_with(mark); });
  return Start{.begin = at,
               .words = line.size() - rest.size(),
               .code = std::nullopt,
               .enhanced = enhanced,
               .marked = marked};
}

std::vector<Start> starts_in(std::string_view line) {
  std::vector<Start> starts;
  for (std::size_t at = 0; at < line.size() && starts.size() < 4 * kMaxQuoted; ++at) {
    if ((line[at] != '4' && line[at] != '5') || !may_begin(line, at)) continue;
    auto start = code_at(line, at);
    if (!start) start = enhanced_at(line, at);
    if (!start) continue;
    at = start->words - 1;
    starts.push_back(*start);
  }
  return starts;
}

/// A further line of the reply that `first` began.
bool goes_on(const Start& first, const Start& next, std::string_view line) {
  if (next.begin - first.words > kMaxWords) return false;
  if (!next.code && first.code && !first.enhanced) return *first.code / 100 == next.enhanced->status;
  if (!next.code) return first.enhanced == next.enhanced;
  const auto dash = first.begin + 3;
  return first.code == next.code && dash < line.size() && line[dash] == '-';
}

}  // namespace

std::string plain_line(std::string_view pasted) {
  pasted = pasted.substr(0, kMaxPasted);
  std::string out;
  bool at_begin = true;
  while (!pasted.empty()) {
    if (at_begin) pasted.remove_prefix(quotation_length(pasted));
    if (pasted.empty()) break;
    at_begin = pasted.front() == '\n';
    if (const auto length = pasted.front() == '<' ? tag_length(pasted) : 0; length > 0) {
      out += ' ';
      pasted.remove_prefix(length);
    } else if (const auto* swap = swap_at(pasted)) {
      out += swap->to;
      pasted.remove_prefix(swap->from.size());
    } else {
      const char c = pasted.front();
      out += c >= 0 && (c < ' ' || c == 0x7f) ? ' ' : c;
      pasted.remove_prefix(1);
    }
  }
  return one_line(out);
}

std::vector<Quoted> quoted_replies(std::string_view line) {
  std::vector<Quoted> replies;
  std::optional<Start> first;
  const auto starts = starts_in(line);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto end = i + 1 < starts.size() ? starts[i + 1].begin : line.size();
    const auto words = line.substr(starts[i].words, std::min(end - starts[i].words, kMaxWords));
    if (first && goes_on(*first, starts[i], line)) {
      if (!first->enhanced) first->enhanced = replies.back().enhanced = starts[i].enhanced;
      replies.back().words = one_line(replies.back().words + std::string(words));
      continue;
    }
    if (replies.size() == kMaxQuoted) break;
    first = starts[i];
    replies.push_back({first->code, first->enhanced, one_line(words), first->marked});
  }
  return replies;
}

std::string without_repeated_codes(std::string_view line) {
  std::string out;
  std::optional<Start> first;
  std::size_t from = 0;
  for (const auto& start : starts_in(line)) {
    if (first && goes_on(*first, start, line)) {
      out += line.substr(from, start.begin - from);
      from = start.words;
    } else {
      first = start;
    }
  }
  out += line.substr(from);
  return one_line(out);
}

}  // namespace homeward::mail
