// Route: the choice of an account for a transaction. Pure: product.md 4, "Routing".
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "proxy/base/result.hpp"
#include "proxy/mail/account.hpp"
#include "proxy/mail/envelope.hpp"

namespace homeward::mail {

/// What is known of a transaction when its sender is named.
struct RouteQuery {
  smtp::ReversePath from;
  IpAddress client;
  std::string listener;
  std::optional<std::string> user = std::nullopt;      ///< the login at the listener
  std::optional<LocalUser> local_user = std::nullopt;  ///< the owner of a loopback client's socket
  std::string local_user_trouble = {};                 ///< why that is not known, for the refusal

  static RouteQuery of(const smtp::ReversePath& from, const Origin& origin);
};

/// Accounts in file order; the first all of whose conditions hold (clients, listeners, users, local_users: of
/// each list, any; what is not known matches no list), then `default_account`, for which only
/// `senders` is waived. Returns the index into `accounts`.
/// Error: 550 5.7.1 that names the sender and the cure.
Result<std::size_t> route(std::span<const Account* const> accounts,
                          const std::optional<std::string>& default_account, const RouteQuery& query);

/// Two accounts that claim the same sender under the same conditions, so that the second could never be
/// chosen for it; what they both claim, in words. Used by `homeward check`.
struct Conflict {
  std::size_t first = 0;
  std::size_t second = 0;
  std::string claim;
};
std::vector<Conflict> find_conflicts(std::span<const Account> accounts);

}  // namespace homeward::mail
