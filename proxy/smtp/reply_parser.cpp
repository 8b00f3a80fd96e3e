// Replies of an upstream server, line by line. RFC 5321 §4.2, §4.2.1; RFC 2034 §4 (enhanced codes).
#include "proxy/smtp/reply_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "proxy/base/text.hpp"

namespace homeward::smtp {

namespace {

constexpr int kSaslChallenge = 334;
constexpr std::size_t kCodeLength = 3;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Reply-code = %x32-35 %x30-35 %x30-39; the second digit is taken up to 9, as servers invent some.
std::optional<int> parse_code(std::string_view line) {
  if (line.size() < kCodeLength || line[0] < '2' || line[0] > '5') return std::nullopt;
  if (!is_digit(line[1]) || !is_digit(line[2])) return std::nullopt;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/// Takes one to three digits from the front of `text`.
std::optional<std::uint16_t> take_number(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  if (length == 0 || length > 3) return std::nullopt;
  std::uint16_t number = 0;
  std::from_chars(text.data(), text.data() + length, number);
  text.remove_prefix(length);
  return number;
}

bool take_dot(std::string_view& text) {
  if (text.empty() || text.front() != '.') return false;
  text.remove_prefix(1);
  return true;
}

/// Takes "class.subject.detail" and the blanks behind it from the front of `text`, where the class is that of
/// the reply's code; anything else is text. RFC 3463 §2.
std::optional<EnhancedCode> take_enhanced_code(int code, std::string_view& text) {
  std::string_view rest = text;
  const int reply_class = code / 100;
  if (reply_class == 3 || rest.empty() || rest.front() != static_cast<char>('0' + reply_class))
    return std::nullopt;
  rest.remove_prefix(1);
  if (!take_dot(rest)) return std::nullopt;
  const auto subject = take_number(rest);
  if (!subject || !take_dot(rest)) return std::nullopt;
  const auto detail = take_number(rest);
  if (!detail || !(rest.empty() || rest.front() == ' ')) return std::nullopt;
  text = text::trim(rest);
  return EnhancedCode{static_cast<std::uint8_t>(reply_class), *subject, *detail};
}

/// textstring = 1*(%d09 / %d32-126); a tab becomes a blank, other controls a '?'.
std::string kept_text(int code, std::string_view text) {
  std::string blanks(text);
  std::ranges::replace(blanks, '\t', ' ');
  return text::printable(blanks,
                         code == kSaslChallenge ? ReplyParser::kMaxLineRead : ReplyParser::kMaxLineKept);
}

/// The status line of HTTP (RFC 9112 §4), or a page without one.
bool looks_like_web(std::string_view line) {
  return text::starts_with_ignoring_case(line, "HTTP/") || line.starts_with('<');
}

}  // namespace

void ReplyParser::feed(std::string_view bytes) {
  if (broken_) return;  // nothing will be taken any more
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_ += bytes;
}

void ReplyParser::clear() {
  *this = ReplyParser();
}

Result<std::optional<Reply>> ReplyParser::next() {
  if (broken_) return std::unexpected(*broken_);
  for (;;) {
    const auto line = next_line();
    if (!line) return std::unexpected(line.error());
    if (!*line) return std::nullopt;
    const auto last = add_line(**line);
    if (!last) return std::unexpected(last.error());
    if (*last) {
      partial_octets_ = 0;
      return std::exchange(partial_, Reply{});
    }
  }
}

/// The next line without its end; nothing where it has none yet. The view lasts until the next feed().
Result<std::optional<std::string_view>> ReplyParser::next_line() {
  const auto unread = std::string_view(buffer_).substr(taken_);
  const auto lf = unread.find('\n');
  if (std::min(lf, unread.size()) > kMaxLineRead) {
    return broken("server sent a reply line without end", fmt::format("more than {} octets", kMaxLineRead));
  }
  if (lf == std::string_view::npos) return std::nullopt;
  taken_ += lf + 1;
  partial_octets_ += lf + 1;
  auto line = unread.substr(0, lf);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Adds one line to the reply; true where it was its last.
// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
Result<bool> ReplyParser::add_line(std::string_view line) {
  const auto code = parse_code(line);
  const char separator = line.size() > kCodeLength ? line[kCodeLength] : ' ';
  if (!code || (separator != ' ' && separator != '-')) {
    met_web_page_ = looks_like_web(line);
    return broken("server answered with something that is no SMTP reply", text::printable(line, 80));
  }
  if (!partial_.lines.empty() && partial_.code != *code) {
    return broken("server changed the code within one reply", fmt::format("{} to {}", partial_.code, *code));
  }
  if (partial_.lines.size() == kMaxLines) {
    return broken("server sent a reply of too many lines", fmt::format("more than {}", kMaxLines));
  }
  partial_.code = *code;
  auto text = line.substr(std::min(line.size(), kCodeLength + 1));
  auto behind_code = text;
  const auto enhanced = take_enhanced_code(*code, behind_code);
  if (enhanced && !partial_.enhanced) partial_.enhanced = enhanced;
  // Where a later line has another one, it stays in the text: nothing is lost.
  if (enhanced && partial_.enhanced == enhanced) text = behind_code;
  partial_.lines.push_back(kept_text(*code, text));
  return separator == ' ';
}

std::unexpected<Error> ReplyParser::broken(std::string text, std::string detail) {
  Error error = make_error(Fault::protocol, 451, {4, 4, 0}, std::move(text));
  error.detail = std::move(detail);
  broken_ = error;
  return std::unexpected(std::move(error));
}

}  // namespace homeward::smtp
