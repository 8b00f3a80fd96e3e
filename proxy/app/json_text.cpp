// Writing JSON: the one rule that matters is the escape of strings (RFC 8259 §7).
#include "proxy/app/json_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "proxy/base/text.hpp"

namespace homeward::app::json {

std::string string(std::string_view text) {
  const auto clean = text::is_valid_utf8(text) ? std::string(text) : text::printable(text, text.size());
  std::string result = "\"";
  for (const char c : clean) {
    if (c == '"' || c == '\\')
      result += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20)
      result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      result += c;
  }
  return result + '"';
}

std::string boolean(bool value) {
  return value ? "true" : "false";
}

std::string array(const std::vector<std::string>& values) {
  return fmt::format("[{}]", fmt::join(values, ","));
}

std::string array_of_strings(const std::vector<std::string>& texts) {
  std::vector<std::string> values;
  values.reserve(texts.size());
  for (const auto& text : texts) values.push_back(string(text));
  return array(values);
}

std::string object(const std::vector<std::pair<std::string_view, std::string>>& members) {
  std::vector<std::string> parts;
  parts.reserve(members.size());
  for (const auto& [name, value] : members) parts.push_back(fmt::format("{}:{}", string(name), value));
  return fmt::format("{{{}}}", fmt::join(parts, ","));
}

}  // namespace homeward::app::json
