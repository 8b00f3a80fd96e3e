// JSON (RFC 8259) as text, for commands that print data: small values are built inside out, nothing is read.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace homeward::app::json {

/// A string with its quotes; what is not UTF-8 is made printable first.
std::string string(std::string_view text);
std::string boolean(bool value);
/// Values that are JSON already.
std::string array(const std::vector<std::string>& values);
std::string array_of_strings(const std::vector<std::string>& texts);
std::string object(const std::vector<std::pair<std::string_view, std::string>>& members);

}  // namespace homeward::app::json
