#include "proxy/mail/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "proxy/base/base64.hpp"
#include "proxy/base/text.hpp"
#include "proxy/mail/address_lexer.hpp"

namespace homeward::mail {
namespace {

using std::unexpected;
using Words = std::string;  // what is wrong

using Token = AddressToken;
using Kind = TokenKind;

bool is_control(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return (octet < 0x20 && c != '\t') || octet == 0x7f;
}

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

/// What stands between two commas of a list, in a group or not.
struct Element {
  std::vector<Token> words;      ///< before `<`, or all where there is none
  std::vector<Token> angle;      ///< between `<` and `>`, without a route
  std::optional<Span> angle_at;  ///< where that stands
  bool in_group = false;
  bool has_more = false;  ///< words behind `>`, or separators

  const std::vector<Token>& address() const { return angle_at ? angle : words; }
};

/// Collects the elements of a list.
class ListReader {
 public:
  std::expected<void, Words> take(Token token) {
    if (in_angle_) return take_in_angle(std::move(token));
    has_separators_ = has_separators_ || token.is(',') || token.is(';') || token.is(':');
    if (token.is(',')) return finish();
    if (token.is(';')) {
      auto finished = finish();  // outside of groups an old habit between addresses
      in_group_ = false;
      return finished;
    }
    if (token.is(':')) {  // what came was the group's name
      if (in_group_ || element_.angle_at) return unexpected(Words("has a ':' where none belongs"));
      in_group_ = true;
      element_ = {};
      return {};
    }
    if (token.is('>') || (token.is('<') && element_.angle_at))
      return unexpected(fmt::format("has a '{}' where none belongs", token.text));
    if (token.is('<')) {
      in_angle_ = true;
      element_.angle_at = Span{token.end, token.end};
      return {};
    }
    if (element_.angle_at) {
      element_.has_more = true;
    } else {
      element_.words.push_back(std::move(token));
    }
    return {};
  }

  std::expected<std::vector<Element>, Words> end() {
    if (in_angle_) return unexpected(Words("has a '<' that is never closed"));
    if (auto finished = finish(); !finished) return unexpected(std::move(finished.error()));
    for (auto& element : elements_) element.has_more = element.has_more || has_separators_;
    return std::move(elements_);
  }

 private:
  /// [route] addr-spec; the route is dropped. RFC 5322 §4.4
  std::expected<void, Words> take_in_angle(Token token) {
    auto& angle = element_.angle;
    if (token.is('>')) {
      in_angle_ = false;
      element_.angle_at->end = token.begin;
      return {};
    }
    if (token.is(':') && !angle.empty() && angle.front().is('@')) {
      angle.clear();
      return {};
    }
    const bool in_route = !angle.empty() && angle.front().is('@');
    if ((token.is(',') && !in_route) || token.is('<') || token.is(':') || token.is(';'))
      return unexpected(fmt::format("has a '{}' inside of <>", token.text));
    angle.push_back(std::move(token));
    return {};
  }

  /// An element is over; an empty one is none (RFC 5322 §4.4).
  std::expected<void, Words> finish() {
    auto element = std::exchange(element_, {});
    if (element.words.empty() && !element.angle_at) return {};
    if (elements_.size() == kMaxListAddresses) return unexpected(Words("has too many addresses"));
    element.in_group = in_group_;
    elements_.push_back(std::move(element));
    return {};
  }

  std::vector<Element> elements_;
  Element element_;
  bool in_angle_ = false;
  bool in_group_ = false;
  bool has_separators_ = false;
};

std::expected<std::vector<Element>, Words> read_list(std::string_view text) {
  if (text.size() > kMaxListOctets) return unexpected(Words("is too long"));
  AddressLexer lexer(text);
  ListReader reader;
  while (true) {
    auto token = lexer.next();
    if (!token) return unexpected(std::move(token.error()));
    if (!*token) return reader.end();
    if (auto taken = reader.take(std::move(**token)); !taken) return unexpected(std::move(taken.error()));
  }
}

Span span_of(const std::vector<Token>& tokens) {
  return tokens.empty() ? Span{} : Span{tokens.front().begin, tokens.back().end};
}

enum class Quotes : std::uint8_t { none, kept };

std::string joined(const std::vector<Token>& tokens, Quotes quotes) {
  std::string text;
  bool after_word = false;
  for (const auto& token : tokens) {
    if (after_word && token.is_word()) text += ' ';
    after_word = token.is_word();
    text += quotes == Quotes::kept && token.kind == Kind::quoted ? quote(token.text) : token.text;
  }
  return text;
}

ListedMailbox to_listed(const Element& element) {
  ListedMailbox listed;
  listed.has_angle = element.angle_at.has_value();
  listed.in_group = element.in_group;
  listed.is_plain = !element.has_more;
  listed.address = joined(element.address(), Quotes::kept);
  listed.address_at = element.angle_at ? *element.angle_at : span_of(element.words);
  if (auto path = to_path(element.address()); path) listed.mailbox = std::move(path->mailbox);
  if (element.angle_at) {
    listed.name = joined(element.words, Quotes::none);
    listed.name_at = span_of(element.words);
  }
  return listed;
}

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
  const auto elements = read_list(text);
  if (!elements) return unexpected(elements.error());
  std::vector<smtp::ForwardPath> paths;
  for (const auto& element : *elements) {
    if (element.address().empty()) continue;  // `<>`
    auto path = to_path(element.address());
    if (!path) return unexpected(std::move(path.error()));
    paths.push_back(std::move(*path));
  }
  return paths;
}

std::expected<std::vector<ListedMailbox>, std::string> parse_mailbox_list(std::string_view text) {
  const auto elements = read_list(text);
  if (!elements) return unexpected(elements.error());
  std::vector<ListedMailbox> listed;
  for (const auto& element : *elements) listed.push_back(to_listed(element));
  return listed;
}

std::string write_display_name(std::string_view name) {
  std::string clean;
  for (const char c : name)
    if (!is_control(c)) clean += c;
  if (!text::is_ascii(clean))
    return encode_words(text::is_valid_utf8(clean) ? clean : text::printable(clean, clean.size()));
  return std::ranges::all_of(clean, is_atom_text) ? clean : quote(clean);
}

}  // namespace homeward::mail
