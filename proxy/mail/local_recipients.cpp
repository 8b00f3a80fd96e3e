#include "proxy/mail/local_recipients.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/base/text.hpp"

namespace homeward::mail {
namespace {

constexpr std::size_t kShownOfName = 64;

/// A gateway may be named as its mail domain is: where a local recipient lives there, mail for it is no mail
/// of this machine alone.
bool is_own_domain(std::string_view domain, const std::vector<smtp::Mailbox>& local_recipients,
                   std::string_view hostname) {
  if (domain == "localhost" || domain == "localhost.localdomain") return true;
  return text::equals_ignoring_case(domain, hostname) &&
         std::ranges::find(local_recipients, domain, &smtp::Mailbox::domain) == local_recipients.end();
}

}  // namespace

Result<std::vector<smtp::Recipient>> qualify(const smtp::Recipient& recipient,
                                             const std::vector<smtp::Mailbox>& local_recipients,
                                             std::string_view hostname) {
  const auto& path = recipient.path;
  if (local_recipients.empty() && !path.mailbox) {
    return std::unexpected(make_error(
        Fault::client, 550, {5, 1, 3},
        fmt::format("The recipient {} has no domain: write name@domain, or set local_recipients in "
                    "homeward's configuration for mail of this machine",
                    text::printable(path.unqualified, kShownOfName))));
  }
  const bool local = !local_recipients.empty() &&
                     (!path.mailbox || is_own_domain(path.mailbox->domain(), local_recipients, hostname));
  if (!local) return std::vector{recipient};
  std::vector<smtp::Recipient> stand_ins;
  for (const auto& mailbox : local_recipients) {
    stand_ins.push_back(
        {.path = {.mailbox = mailbox, .unqualified = {}}, .parameters = recipient.parameters});
  }
  return stand_ins;
}

}  // namespace homeward::mail
