#include "proxy/mail/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "proxy/base/base64.hpp"
#include "proxy/base/text.hpp"

namespace homeward::mail {
namespace {

using std::unexpected;
using Words = std::string;  // what is wrong

enum class Kind : std::uint8_t { word, quoted, literal, special };

struct Token {
  Kind kind = Kind::special;
  std::string text;  ///< of a word its characters, of the quoted what is inside, unescaped; else as written
  bool is(char c) const { return kind == Kind::special && text.front() == c; }
  bool is_word() const { return kind == Kind::word || kind == Kind::quoted; }
};

constexpr std::string_view kSpecials = "<>@,;:.";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_control(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return (octet < 0x20 && !is_blank(c)) || octet == 0x7f;
}

/// Cuts a field's value into tokens. Comments, which may be nested, and blanks are no tokens.
/// RFC 5322 §3.2.2 (CFWS), §3.2.3 (atom), §3.2.4 (quoted-string), §3.4.1 (domain-literal)
class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) {}

  /// Nothing at the end.
  std::expected<std::optional<Token>, Words> next() {
    if (auto skipped = skip_blanks(); !skipped) return unexpected(std::move(skipped.error()));
    if (rest_.empty()) return std::nullopt;
    if (is_control(rest_.front())) return unexpected(Words("has a control character"));
    if (rest_.front() == '"') return until('"', Kind::quoted, "a quote");
    if (rest_.front() == '[') return until(']', Kind::literal, "a bracket");
    if (kSpecials.find(rest_.front()) != std::string_view::npos) return Token{Kind::special, {take()}};
    return word();
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::expected<void, Words> skip_blanks() {
    std::size_t depth = 0;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (depth == 0 && c != '(' && !is_blank(c)) break;
      rest_.remove_prefix(1);
      if (c == '(') ++depth;
      if (c == ')') --depth;
      if (c == '\\' && !rest_.empty()) rest_.remove_prefix(1);
    }
    if (depth > 0) return unexpected(Words("has a comment that is never closed"));
    return {};
  }

  std::expected<std::optional<Token>, Words> until(char end, Kind kind, std::string_view name) {
    Token token{kind, {}};
    if (kind == Kind::literal) token.text = '[';
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      char c = take();
      if (c == end) {
        if (kind == Kind::literal) token.text += ']';
        return token;
      }
      if (c == '\\' && !rest_.empty()) c = take();
      if (c == '\r' || c == '\n') continue;  // a folded line's end is no part of it
      if (is_control(c)) return unexpected(Words("has a control character"));
      token.text += c;
    }
    return unexpected(fmt::format("has {} that is never closed", name));
  }

  std::expected<std::optional<Token>, Words> word() {
    Token token{Kind::word, {}};
    while (!rest_.empty() && !is_blank(rest_.front()) && !is_control(rest_.front()) &&
           kSpecials.find(rest_.front()) == std::string_view::npos && rest_.front() != '(' &&
           rest_.front() != '"' && rest_.front() != '[')
      token.text += take();
    return token;
  }

  std::string_view rest_;
};

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string shown(const std::vector<Token>& tokens) {
  std::string text;
  for (const auto& token : tokens) {
    const bool words_meet = !text.empty() && token.is_word() && text.back() != '.' && text.back() != '@';
    if (words_meet) text += ' ';
    text += token.kind == Kind::quoted ? quote(token.text) : token.text;
  }
  return text::printable(text, 80);
}

/// local-part "@" domain, or a local part alone; the tokens between a pair of `<>`, or a whole element.
/// Two words side by side are a display name that lacks its `<address>`.
std::expected<smtp::ForwardPath, Words> to_path(const std::vector<Token>& tokens) {
  std::string written;
  std::string plain;
  bool has_at = false;
  bool after_word = false;
  for (const auto& token : tokens) {
    const bool is_word = token.is_word() || token.kind == Kind::literal;
    if (is_word && after_word) return unexpected(fmt::format("holds {}, which is no address", shown(tokens)));
    after_word = is_word;
    has_at = has_at || token.is('@');
    written += token.kind == Kind::quoted ? quote(token.text) : token.text;
    plain += token.text;
  }
  if (!has_at) {
    if (!std::ranges::all_of(tokens, [](const Token& t) { return t.is_word() || t.is('.'); }) ||
        plain.size() > smtp::kMaxLocalPart || !text::is_ascii(plain))
      return unexpected(fmt::format("holds {}, which is no address", shown(tokens)));
    return smtp::ForwardPath{std::nullopt, plain};
  }
  auto mailbox = smtp::Mailbox::parse(written);
  if (!mailbox) return unexpected(fmt::format("holds {}, which {}", shown(tokens), mailbox.error()));
  return smtp::ForwardPath{std::move(*mailbox), {}};
}

/// Collects the elements of a list: what stands between commas, in groups or not.
class ListReader {
 public:
  std::expected<void, Words> take(Token token) {
    if (in_angle_) return take_in_angle(std::move(token));
    if (token.is(',')) return finish();
    if (token.is(';')) {
      if (!in_group_) return finish();  // an old habit between addresses
      in_group_ = false;
      return finish();
    }
    if (token.is(':')) {  // what came was the group's name
      if (in_group_ || has_angle_) return unexpected(Words("has a ':' where none belongs"));
      in_group_ = true;
      element_.clear();
      return {};
    }
    if (token.is('>') || (token.is('<') && has_angle_))
      return unexpected(fmt::format("has a '{}' where none belongs", token.text));
    if (token.is('<')) {
      in_angle_ = has_angle_ = true;
      return {};
    }
    element_.push_back(std::move(token));
    return {};
  }

  std::expected<std::vector<smtp::ForwardPath>, Words> end() {
    if (in_angle_) return unexpected(Words("has a '<' that is never closed"));
    if (auto finished = finish(); !finished) return unexpected(std::move(finished.error()));
    return std::move(paths_);
  }

 private:
  /// [route] addr-spec; the route is dropped. RFC 5322 §4.4
  std::expected<void, Words> take_in_angle(Token token) {
    if (token.is('>')) {
      in_angle_ = false;
      return {};
    }
    if (token.is(':') && !angle_.empty() && angle_.front().is('@')) {
      angle_.clear();
      return {};
    }
    const bool in_route = !angle_.empty() && angle_.front().is('@');
    if ((token.is(',') && !in_route) || token.is('<') || token.is(':') || token.is(';'))
      return unexpected(fmt::format("has a '{}' inside of <>", token.text));
    angle_.push_back(std::move(token));
    return {};
  }

  /// An element is over; an empty one is none (RFC 5322 §4.4), and neither is `<>`.
  std::expected<void, Words> finish() {
    const auto tokens = std::exchange(has_angle_, false) ? std::exchange(angle_, {}) : element_;
    element_.clear();
    if (tokens.empty()) return {};
    if (paths_.size() == kMaxListAddresses) return unexpected(Words("has too many addresses"));
    auto path = to_path(tokens);
    if (!path) return unexpected(std::move(path.error()));
    paths_.push_back(std::move(*path));
    return {};
  }

  std::vector<smtp::ForwardPath> paths_;
  std::vector<Token> element_;
  std::vector<Token> angle_;
  bool in_angle_ = false;
  bool has_angle_ = false;
  bool in_group_ = false;
};

bool is_atom_text(char c) {
  const bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_alnum || std::string_view("!#$%&'*+-/=?^_`{|}~ ").find(c) != std::string_view::npos;
}

/// encoded-word of at most 75 characters each, cut between characters. RFC 2047 §2, §5
std::string encode_words(std::string_view name) {
  constexpr std::size_t kMostOctets = 45;  // 60 characters of base64, and 12 around them
  std::string result;
  while (!name.empty()) {
    auto length = std::min(name.size(), kMostOctets);
    while (length < name.size() && (static_cast<unsigned char>(name[length]) & 0xc0U) == 0x80U) --length;
    result +=
        fmt::format("{}=?UTF-8?B?{}?=", result.empty() ? "" : " ", base64::encode(name.substr(0, length)));
    name.remove_prefix(length);
  }
  return result;
}

}  // namespace

std::expected<std::vector<smtp::ForwardPath>, std::string> parse_address_list(std::string_view text) {
  if (text.size() > kMaxListOctets) return unexpected(Words("is too long"));
  Lexer lexer(text);
  ListReader reader;
  while (true) {
    auto token = lexer.next();
    if (!token) return unexpected(std::move(token.error()));
    if (!*token) return reader.end();
    if (auto taken = reader.take(std::move(**token)); !taken) return unexpected(std::move(taken.error()));
  }
}

std::string write_display_name(std::string_view name) {
  std::string clean;
  for (const char c : name)
    if (!is_control(c) && c != '\r' && c != '\n') clean += c;
  if (!text::is_ascii(clean))
    return encode_words(text::is_valid_utf8(clean) ? clean : text::printable(clean, clean.size()));
  return std::ranges::all_of(clean, is_atom_text) ? clean : quote(clean);
}

}  // namespace homeward::mail
