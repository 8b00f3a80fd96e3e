// Replies to the wire: every line numbered, printable ASCII only, none longer than RFC 5321 §4.5.3.1.5
// allows. Called by the server's dialogue and wherever an Error becomes an answer. RFC 5321 §4.2.1, RFC 2034
// §4.
#include "proxy/smtp/reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "proxy/base/text.hpp"

namespace homeward::smtp {

namespace {

/// A client's own limit is unknown; ours for upstream replies (safety.md 2.9) is the same.
constexpr std::size_t kMaxLinesWritten = 100;

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (;;) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

/// Printable ASCII: without SMTPUTF8 a reply may hold nothing else (RFC 6531 §3.7.4). One '?' a character.
std::string ascii_text(std::string_view text) {
  const std::string printable = text::printable(text, text.size());
  std::string out;
  for (const char c : printable) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues_a_character = (byte & 0xc0U) == 0x80U;
    if (!continues_a_character) out += byte < 0x80 ? c : '?';
  }
  return out;
}

/// Where to break `text` so that the first part has at most `limit` octets: at its last blank, else hard.
std::size_t break_position(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text.size();
  const auto blank = text.rfind(' ', limit);
  return blank == std::string_view::npos || blank == 0 ? limit : blank;
}

void append_broken(std::vector<std::string>& out, std::string_view text, std::size_t limit) {
  do {
    const auto end = break_position(text, limit);
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  } while (!text.empty() && out.size() < kMaxLinesWritten);
}

}  // namespace

std::string Reply::text() const {
  return text::join(lines, " / ");
}

Reply make_reply(const StatusReply& status) {
  return make_reply(status.code, status.enhanced, status.text);
}

Reply make_reply(int code, std::string text) {
  return Reply{code, std::nullopt, split_lines(text)};
}

Reply make_reply(int code, EnhancedCode enhanced, std::string text) {
  return Reply{code, enhanced, split_lines(text)};
}

// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
std::string to_wire(const Reply& reply) {
  const std::string enhanced = reply.enhanced ? to_string(*reply.enhanced) : std::string();
  const std::size_t overhead =
      4 + (enhanced.empty() ? 0 : enhanced.size() + 1) + 2;  // "250-", "2.0.0 ", CR LF
  std::vector<std::string> texts;
  for (const auto& line : reply.lines) {
    if (texts.size() == kMaxLinesWritten) break;
    append_broken(texts, ascii_text(line), kMaxReplyLine - overhead);
  }
  if (texts.empty()) texts.emplace_back();

  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const char separator = i + 1 < texts.size() ? '-' : ' ';
    const bool both = !enhanced.empty() && !texts[i].empty();
    out += fmt::format("{:03}{}{}{}{}\r\n", reply.code, separator, enhanced, both ? " " : "", texts[i]);
  }
  return out;
}

}  // namespace homeward::smtp
