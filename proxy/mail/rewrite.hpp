// Rewriting of the reverse-path: `rewrite_sender`, `null_sender` (product.md 4). Pure.
#pragma once

#include "proxy/mail/account.hpp"

namespace homeward::mail {

/// The reverse-path that goes to the account's server. `null_sender = auto` keeps `<>` while no
/// provider row says otherwise.
smtp::ReversePath rewrite_sender(const Account& account, const smtp::ReversePath& from);

}  // namespace homeward::mail
