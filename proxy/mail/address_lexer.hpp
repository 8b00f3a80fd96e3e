// The tokens of an address field (From, To, Sender): words, quoted strings, literals and specials, each with
// the place where it stands, so that a field can be changed in one place. Comments, which may be nested, and
// blanks are no tokens. Pure. RFC 5322 §3.2.2 (CFWS), §3.2.3 (atom), §3.2.4 (quoted-string), §3.4.1
// (domain-literal). Called by address.cpp alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace homeward::mail {

enum class TokenKind : std::uint8_t { word, quoted, literal, special };

struct AddressToken {
  TokenKind kind = TokenKind::special;
  std::string text;  ///< of a word its characters, of the quoted what is inside, unescaped; else as written
  std::size_t begin = 0;  ///< where it stands in the text: its first octet …
  std::size_t end = 0;    ///< … and the one behind its last
  bool is(char c) const { return kind == TokenKind::special && text.front() == c; }
  bool is_word() const { return kind == TokenKind::word || kind == TokenKind::quoted; }
};

class AddressLexer {
 public:
  /// `text` outlives it.
  explicit AddressLexer(std::string_view text) : text_(text) {}

  /// Nothing at the end. Errors: words that follow a field's name.
  std::expected<std::optional<AddressToken>, std::string> next();

 private:
  bool at_end() const { return at_ == text_.size(); }
  char front() const { return text_[at_]; }
  bool ends_word() const;
  std::expected<void, std::string> skip_blanks();
  std::expected<void, std::string> read_until(char end, AddressToken& token, std::string_view name);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace homeward::mail
