#include "proxy/mail/safe_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/base/text.hpp"

namespace homeward::mail {
namespace {

constexpr std::size_t kFoldAt = 76;

/// Puts words on lines: `begin` opens the first line, `next` each further one.
class LineFiller {
 public:
  LineFiller(std::string_view begin, std::string_view next)
      : next_(next), out_(begin), column_(begin.size()), empty_(true) {}

  void add(std::string_view word) {
    if (!empty_ && column_ + 1 + word.size() > kFoldAt) {
      out_ += "\r\n";
      out_ += next_;
      column_ = next_.size();
    } else if (!empty_) {
      out_ += ' ';
      ++column_;
    }
    word = word.substr(0, kMaxLine - column_);
    out_ += word;
    column_ += word.size();
    empty_ = false;
  }
  std::string end() { return std::move(out_) + "\r\n"; }

 private:
  std::string_view next_;
  std::string out_;
  std::size_t column_;
  bool empty_;
};

void add_words(LineFiller& filler, std::string_view text) {
  for (const auto word : text::split(text, ' ')) filler.add(word);
}

}  // namespace

std::string plain(std::string_view text, std::size_t limit) {
  std::string out(text.substr(0, limit));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

std::string field(std::string_view name, std::string_view value) {
  const auto begin = fmt::format("{}: ", name);
  LineFiller filler(begin, " ");
  add_words(filler, value);
  return filler.end();
}

std::string wrapped(std::string_view text, std::string_view indent) {
  LineFiller filler(indent, indent);
  add_words(filler, text);
  return filler.end();
}

// RFC 2045 §6.7: rule 1 (any octet), 3 (blanks at an end of a line), 5 (soft line breaks).
std::string quoted_printable(std::string_view lines) {
  std::string out;
  std::size_t column = 0;
  const auto put = [&](std::string_view piece) {
    if (column + piece.size() > kFoldAt - 1) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const char c = lines[i];
    const bool ends_line = lines.substr(i + 1, 2) == "\r\n" || i + 1 == lines.size();
    if (lines.substr(i, 2) == "\r\n") {
      out += "\r\n";
      column = 0;
      ++i;
    } else if ((c == ' ' || c == '\t') ? !ends_line : (c > ' ' && c <= '~' && c != '=')) {
      put(std::string_view(&c, 1));
    } else {
      put(fmt::format("={:02X}", static_cast<unsigned char>(c)));
    }
  }
  return out;
}

}  // namespace homeward::mail
