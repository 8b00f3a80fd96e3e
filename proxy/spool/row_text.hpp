// The forms in which parts of an entry stand in a row: text that a person can read, and that is parsed again
// by the parsers that read it from a client. Fields are separated by tabs, recipients by line feeds; both
// are escaped inside. What can't be parsed is told, never guessed: its row is set aside.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/spool/entry.hpp"

namespace homeward::spool {

/// Or what is wrong with the text.
template <class T>
using Parsed = std::expected<T, std::string>;

/// Ids are names of files too: 1 to 64 letters, digits, hyphens or underscores.
bool is_id(std::string_view text);

std::string parameters_text(const smtp::MailParameters& parameters);
Parsed<smtp::MailParameters> parse_parameters_text(std::string_view text);

std::string recipients_text(const std::vector<Recipient>& recipients);
Parsed<std::vector<Recipient>> parse_recipients_text(std::string_view text);

Parsed<smtp::ReversePath> parse_reverse_path_text(std::string_view text);

}  // namespace homeward::spool
