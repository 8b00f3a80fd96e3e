// Mailboxes and paths of the envelope: parsed once, written anew, never copied from a peer.
// RFC 5321 §4.1.2 (grammar), §4.5.3.1 (sizes). UTF-8 (RFC 6531) is refused until SMTPUTF8 is served.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/result.hpp"
#include "proxy/smtp/quirks.hpp"

namespace homeward::smtp {

inline constexpr std::size_t kMaxLocalPart = 64;  ///< octets, RFC 5321 §4.5.3.1.1
inline constexpr std::size_t kMaxDomain = 255;    ///< octets, RFC 5321 §4.5.3.1.2
inline constexpr std::size_t kMaxPath = 256;      ///< octets with < and >, RFC 5321 §4.5.3.1.3

/// local-part@domain. The local part is kept without quoting and written quoted where it must be.
class Mailbox {
 public:
  /// Parses `local@domain` without brackets: dot-string or quoted-string, domain or address literal.
  /// Errors: what is wrong, in words that follow "The address" ("has no @: write it as name@domain").
  static std::expected<Mailbox, std::string> parse(std::string_view text);

  const std::string& local_part() const { return local_part_; }  ///< unquoted
  const std::string& domain() const { return domain_; }          ///< lower case, "[…]" for a literal
  std::string to_string() const;                                 ///< as it goes on the wire, without brackets

  /// Same mailbox: domain without case; local part without case too, as every provider does.
  bool operator==(const Mailbox& other) const;

 private:
  std::string local_part_;
  std::string domain_;
};

/// The sender of an envelope: a mailbox, or none for `<>`. RFC 5321 §4.5.5.
struct ReversePath {
  std::optional<Mailbox> mailbox;

  bool is_null() const { return !mailbox.has_value(); }
  std::string to_string() const;  ///< "<ann@x.example>" or "<>"
  bool operator==(const ReversePath&) const = default;
};

/// A recipient: a full mailbox, or a name alone ("root", "postmaster"; RFC 5321 §4.1.1.3).
struct ForwardPath {
  std::optional<Mailbox> mailbox;
  std::string unqualified;  ///< the name where there is no mailbox

  std::string to_string() const;
  bool operator==(const ForwardPath&) const = default;
};

/// A parsed path and what follows it on the line (the parameters, without leading blanks).
template <class Path>
struct ParsedPath {
  Path path;
  std::string_view rest;
};

/// Parses the argument of MAIL after "FROM:". Source routes are accepted and dropped (RFC 5321 §4.1.2).
/// `quirks` says which slips are mended (address_space, missing_brackets); each one used is noted in `seen`.
/// Errors: 501 5.1.7 (syntax), 553 5.1.7 (too long), in the Error's reply.
Result<ParsedPath<ReversePath>> parse_reverse_path(std::string_view argument, QuirkSet quirks,
                                                   QuirkSet& seen);

/// The same for RCPT after "TO:". Errors: 501 5.1.3, 553 5.1.3.
Result<ParsedPath<ForwardPath>> parse_forward_path(std::string_view argument, QuirkSet quirks,
                                                   QuirkSet& seen);

}  // namespace homeward::smtp
