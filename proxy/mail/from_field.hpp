// What the value of a From (or Sender) field says, and what it becomes where the provider takes the account's
// addresses alone: one mailbox of the account's behind the display name that stood there. Pure. RFC 5322
// §3.6.2; product.md 4 (`rewrite_from`). Called by HeaderRewriter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/smtp/path.hpp"

namespace homeward::mail {

/// Whose addresses a field names.
enum class Authors : std::uint8_t {
  own,      ///< one address, and it is the account's
  owned,    ///< the account's and its aliases alone
  foreign,  ///< at least one that is neither
  none,     ///< no address at all
  unreadable
};

struct FromField {
  Authors authors = Authors::none;
  std::size_t count = 0;               ///< of addresses
  std::vector<std::string> addresses;  ///< as they can be written into another field; others are left out
  std::string rewritten;               ///< the value with `own` alone as its address
  bool keeps_text = true;              ///< `rewritten` differs in the address alone
};

/// `value` is what stands behind the colon, without the last line end; folded as it may be.
FromField read_from(std::string_view value, const smtp::Mailbox& own, std::span<const smtp::Mailbox> owned);

}  // namespace homeward::mail
