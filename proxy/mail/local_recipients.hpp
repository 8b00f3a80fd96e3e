// Local recipients: whom mail for this machine's own names goes to. cron, NAS boxes and old mail programs
// write to `root` or `ann`, or add the machine's own name, which no provider can deliver to. Called before a
// recipient is offered upstream. product.md 4 (local_recipients), RFC 5321 §4.1.1.3 (postmaster without a
// domain), §2.3.5. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "proxy/base/result.hpp"
#include "proxy/smtp/parameters.hpp"

namespace homeward::mail {

/// Those who stand in for `recipient`, its parameters kept: a name without a domain becomes all of
/// `local_recipients`; where there are some, so does a name at localhost, localhost.localdomain or
/// `hostname`, unless one of them lives at that: then it is a mail domain. All others stay as they are.
/// Error: 550 5.1.3 for a name without a domain where none are configured.
Result<std::vector<smtp::Recipient>> qualify(const smtp::Recipient& recipient,
                                             const std::vector<smtp::Mailbox>& local_recipients,
                                             std::string_view hostname);

}  // namespace homeward::mail
