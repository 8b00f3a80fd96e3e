// Address lists of header fields (To, Cc, Bcc, From): whom a message says that it is for, or from, and where
// in the field that stands. Names, comments and groups are read over. Pure, and bounded. RFC 5322 §3.2, §3.4,
// §4.4 (old forms are read, as mail still has them); RFC 2047 for what is written.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
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

/// A piece of the text that was read.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool is_empty() const { return begin == end; }
  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
  bool operator==(const Span&) const = default;
};

/// One element of a mailbox-list as a From field has it, whatever its address is worth.
struct ListedMailbox {
  std::optional<smtp::Mailbox> mailbox;  ///< where the address is one that an envelope can hold
  std::string address;  ///< unfolded, without comments: what is in `<>`, or the bare element; "" for `<>`
  std::string name;     ///< the words before `<`, unquoted; encoded-words as they are
  Span name_at;         ///< from the first of them to the last
  Span address_at;      ///< what is between `<` and `>`, or the whole bare element
  bool has_angle = false;
  bool in_group = false;
  bool is_plain = true;  ///< the list holds no separator, and nothing but comments stands behind its `>`
};

/// The elements of From or Sender; empty ones are none, `<>` is one. Errors: as parse_address_list, but an
/// address that is none is no error.
std::expected<std::vector<ListedMailbox>, std::string> parse_mailbox_list(std::string_view text);

/// A display name as it stands before an address: as it is, quoted, or as encoded-words where it is not
/// ASCII; controls are left out. RFC 5322 §3.4, RFC 2047 §2.
std::string write_display_name(std::string_view name);

}  // namespace homeward::mail
