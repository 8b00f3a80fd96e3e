// Rewriting of the reverse-path (product.md 4: `rewrite_sender`, `null_sender`). Called just before a
// message is offered to the account's server.
#include "proxy/mail/rewrite.hpp"

namespace homeward::mail {

smtp::ReversePath rewrite_sender(const Account& account, const smtp::ReversePath& from) {
  const smtp::ReversePath own{account.address};
  if (from.is_null()) return account.null_sender == NullSender::rewrite ? own : from;
  switch (account.rewrite_sender) {
    case RewriteSender::always:
      return own;
    case RewriteSender::unless_own:
      return account.owns(*from.mailbox) ? from : own;
    case RewriteSender::never:
      return from;
  }
  return own;
}

}  // namespace homeward::mail
