// What is to be done to one message's header, worked out from its account before its content comes. Pure.
// product.md 4 (`rewrite_from`, `add_sender_field`, `add_missing`); RFC 6409 §8, RFC 5322 §3.6.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/mail/account.hpp"
#include "proxy/mail/provider.hpp"
#include "proxy/smtp/path.hpp"

namespace homeward::mail {

struct HeaderOrder {
  smtp::Mailbox own;                              ///< the account's address
  std::vector<smtp::Mailbox> owned;               ///< its address and aliases
  RewriteFrom rewrite_from = RewriteFrom::never;  ///< never `automatic`, which is read as `never`
  bool add_sender_field = false;                  ///< a Sender field where From names others, or several
  bool add_from = false;  ///< where there is none; done whenever From is rewritten, too
  bool add_date = false;
  bool add_message_id = false;
  std::string date;        ///< for a missing Date, RFC 5322 §3.3
  std::string message_id;  ///< for a missing Message-ID: "<…@host>"
};

/// What the message is, to those fields.
struct MessageFacts {
  std::string_view id;        ///< its trace id: the same on each attempt
  std::string_view hostname;  ///< ours
  std::chrono::system_clock::time_point received;
};

/// What `rewrite_from = auto` means with a provider: the account's addresses alone where it asks for them.
/// `row` may be null: then, and where it takes any address or is not known to, From stays.
RewriteFrom rewrite_from_for(RewriteFrom wanted, const Provider* row);

HeaderOrder header_order(const Account& account, const Provider* row, const MessageFacts& facts);

}  // namespace homeward::mail
