// Address lists of header fields (To, Cc, Bcc): whom a message says that it is for, and the display name of a
// From field. Names, comments and groups are read over. Pure, and bounded. RFC 5322 §3.2, §3.4, §4.4 (old
// forms are read, as mail still has them); RFC 2047 for what is written.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/smtp/path.hpp"

namespace homeward::mail {

inline constexpr std::size_t kMaxListOctets = 1UL << 20U;
inline constexpr std::size_t kMaxListAddresses = 10'000;

/// The addresses of an address-list in their order; a name without a domain ("root") is one too. Folded lines
/// are read as they are. Errors: words that follow the field's name ("has a quote that is never closed").
std::expected<std::vector<smtp::ForwardPath>, std::string> parse_address_list(std::string_view text);

/// A display name as it stands before an address: as it is, quoted, or as encoded-words where it is not
/// ASCII; controls are left out. RFC 5322 §3.4, RFC 2047 §2.
std::string write_display_name(std::string_view name);

}  // namespace homeward::mail
