// The keys of an account, as one message needs them.
#include "proxy/mail/header_order.hpp"

#include <fmt/format.h>

#include "proxy/base/network.hpp"
#include "proxy/mail/date.hpp"

namespace homeward::mail {
namespace {

/// id-right of a Message-ID: this machine's name where it is one of a domain, else the account's domain.
/// RFC 5322 §3.6.4
std::string_view right_side(const Account& account, std::string_view hostname) {
  const bool is_domain = hostname.contains('.') && !IpAddress::parse(hostname);
  return is_domain ? hostname : std::string_view(account.address.domain());
}

/// `auto` adds the field where a person has chosen to leave From as it is: the account then says who it is
/// that sends. Where nobody has chosen, the message stays as it came.
bool wants_sender_field(const Account& account) {
  switch (account.add_sender_field) {
    case AddSenderField::automatic:
      return account.rewrite_from == RewriteFrom::never;
    case AddSenderField::yes:
      return true;
    case AddSenderField::no:
      return false;
  }
  return false;
}

}  // namespace

RewriteFrom rewrite_from_for(RewriteFrom wanted, const Provider* row) {
  if (wanted != RewriteFrom::automatic) return wanted;
  const bool is_strict = row != nullptr && row->from_rule && *row->from_rule != FromRule::any;
  return is_strict ? RewriteFrom::unless_own : RewriteFrom::never;
}

HeaderOrder header_order(const Account& account, const Provider* row, const MessageFacts& facts) {
  HeaderOrder order;
  order.own = account.address;
  order.owned = account.aliases;
  order.owned.push_back(account.address);
  order.rewrite_from = rewrite_from_for(account.rewrite_from, row);
  order.add_sender_field = wants_sender_field(account);
  order.add_from = account.add_missing.from;
  order.add_date = account.add_missing.date;
  order.add_message_id = account.add_missing.message_id;
  order.date = date_text(facts.received);
  order.message_id = fmt::format("<{}@{}>", facts.id, right_side(account, facts.hostname));
  return order;
}

}  // namespace homeward::mail
