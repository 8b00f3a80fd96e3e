// Tokens of address fields. RFC 5322 §3.2, §4.4.
#include "proxy/mail/address_lexer.hpp"

#include <fmt/format.h>

#include <utility>

namespace homeward::mail {
namespace {

constexpr std::string_view kSpecials = "<>@,;:.";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_control(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return (octet < 0x20 && !is_blank(c)) || octet == 0x7f;
}

}  // namespace

std::expected<std::optional<AddressToken>, std::string> AddressLexer::next() {
  if (auto skipped = skip_blanks(); !skipped) return std::unexpected(std::move(skipped.error()));
  if (at_end()) return std::nullopt;
  if (is_control(front())) return std::unexpected("has a control character");
  AddressToken token{.kind = TokenKind::word, .text = {}, .begin = at_};
  std::expected<void, std::string> read;
  if (front() == '"') {
    token.kind = TokenKind::quoted;
    read = read_until('"', token, "a quote");
  } else if (front() == '[') {
    token.kind = TokenKind::literal;
    read = read_until(']', token, "a bracket");
  } else if (kSpecials.contains(front())) {
    token.kind = TokenKind::special;
    token.text = text_[at_++];
  } else {
    while (!at_end() && !ends_word()) token.text += text_[at_++];
  }
  if (!read) return std::unexpected(std::move(read.error()));
  token.end = at_;
  return token;
}

bool AddressLexer::ends_word() const {
  const char c = front();
  return is_blank(c) || is_control(c) || kSpecials.contains(c) || c == '(' || c == '"' || c == '[';
}

std::expected<void, std::string> AddressLexer::skip_blanks() {
  std::size_t depth = 0;
  while (!at_end()) {
    const char c = front();
    if (depth == 0 && c != '(' && !is_blank(c)) break;
    ++at_;
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == '\\' && !at_end()) ++at_;
  }
  if (depth > 0) return std::unexpected("has a comment that is never closed");
  return {};
}

std::expected<void, std::string> AddressLexer::read_until(char end, AddressToken& token,
                                                          std::string_view name) {
  const bool is_literal = token.kind == TokenKind::literal;
  if (is_literal) token.text = '[';
  ++at_;
  while (!at_end()) {
    char c = text_[at_++];
    if (c == end) {
      if (is_literal) token.text += ']';
      return {};
    }
    if (c == '\\' && !at_end()) c = text_[at_++];
    if (c == '\r' || c == '\n') continue;  // a folded line's end is no part of it
    if (is_control(c)) return std::unexpected("has a control character");
    token.text += c;
  }
  return std::unexpected(fmt::format("has {} that is never closed", name));
}

}  // namespace homeward::mail
