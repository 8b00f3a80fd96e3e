#include "proxy/control/target.hpp"

#include <fmt/format.h>

namespace homeward::control {
namespace {

/// -1 where it is no hexadecimal digit.
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      result += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    const int high = digit(text[at + 1]);
    const int low = digit(text[at + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return result;
}

/// Up to `separator`, which is taken off `rest` too.
std::string_view cut(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return part;
}

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string_view Target::value(std::string_view name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string_view{} : std::string_view(found->second);
}

std::optional<Target> parse_target(std::string_view text) {
  if (!text.starts_with('/')) return std::nullopt;
  text.remove_prefix(1);
  auto path = cut(text, '?');
  Target target;
  while (!path.empty()) {
    auto part = unescape(cut(path, '/'));
    if (!part) return std::nullopt;
    target.path.push_back(std::move(*part));
  }
  while (!text.empty()) {
    auto pair = cut(text, '&');
    auto name = unescape(cut(pair, '='));
    auto value = unescape(pair);
    if (!name || !value) return std::nullopt;
    target.query[std::move(*name)] = std::move(*value);
  }
  return target;
}

std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (is_unreserved(c))
      result += c;
    else
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

}  // namespace homeward::control
