// Base64 as SASL uses it: RFC 4648 §4, with padding, without line breaks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace homeward::base64 {

std::string encode(std::string_view bytes);
/// The bytes, or nothing where the text is not exactly one well-formed encoding.
std::optional<std::string> decode(std::string_view text);

}  // namespace homeward::base64
