// The choice of an account for a transaction, the words of its refusal, and conflicts between accounts
// (product.md 4, "Routing"). Called by a client's session at MAIL, again before a spooled message is
// sent, and by `homeward check`.
#include "proxy/mail/route.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "proxy/base/text.hpp"

namespace homeward::mail {
namespace {

template <class T>
bool contains(const std::vector<T>& items, const T& item) {
  return std::ranges::find(items, item) != items.end();
}

bool takes_client(const Account& account, const RouteQuery& query) {
  return account.clients.empty() || any_contains(account.clients, query.client);
}

bool takes_listener(const Account& account, const RouteQuery& query) {
  return account.listeners.empty() || contains(account.listeners, query.listener);
}

bool takes_user(const Account& account, const RouteQuery& query) {
  return account.users.empty() || (query.user && contains(account.users, *query.user));
}

bool takes_local_user(const Account& account, const RouteQuery& query) {
  const auto matches = [&](const LocalUserRule& rule) { return rule.matches(*query.local_user); };
  return account.local_users.empty() ||
         (query.local_user && std::ranges::any_of(account.local_users, matches));
}

/// How many of its conditions do not hold.
int obstacles(const Account& account, const RouteQuery& query) {
  return (takes_client(account, query) ? 0 : 1) + (takes_listener(account, query) ? 0 : 1) +
         (takes_user(account, query) ? 0 : 1) + (takes_local_user(account, query) ? 0 : 1);
}

bool may_be_used(const Account& account, const RouteQuery& query) {
  return obstacles(account, query) == 0;
}

std::string why_not_this_user(const RouteQuery& query) {
  if (!query.user) return "may not be used without a login: log in as one of its `users`";
  return fmt::format("may not be used by the login {0}: add {0} to its `users`",
                     text::printable(*query.user, 60));
}

std::string why_not_this_local_user(const RouteQuery& query) {
  if (query.local_user) {
    return fmt::format("may not be used by the local user {0}: add {0} to its `local_users`",
                       query.local_user->to_string());
  }
  if (!query.client.is_loopback()) {
    return fmt::format(
        "is for programs of this machine alone, not for {}: send from there through an account without "
        "`local_users`",
        query.client.to_string());
  }
  return fmt::format("is for its `local_users` alone, and whose connection this is can't be told{}{}",
                     query.local_user_trouble.empty() ? "" : ": ", query.local_user_trouble);
}

/// What keeps the client from `account`, and the cure.
std::string why_not(const Account& account, const RouteQuery& query) {
  if (!takes_client(account, query)) {
    return fmt::format("may not be used from {0}: add {0} to its `clients`", query.client.to_string());
  }
  if (!takes_listener(account, query))
    return fmt::format("may not be used on listener {0}: add {0} to its `listeners`", query.listener);
  return takes_user(account, query) ? why_not_this_local_user(query) : why_not_this_user(query);
}

Error refusal(std::string text) {
  return make_error(Fault::client, 550, {5, 7, 1}, std::move(text));
}

Error nobody_serves(const RouteQuery& query) {
  return refusal(
      fmt::format("No account may send as {}: add {} to `senders` of an account, or set default_account",
                  query.from.to_string(), query.from.is_null() ? "`*`" : "it"));
}

/// One thing that an account claims: a pattern without `own`.
std::vector<SenderPattern> claims_of(const Account& account) {
  std::vector<SenderPattern> claims;
  for (const auto& pattern : account.senders) {
    if (pattern.kind() != SenderPattern::Kind::own) {
      claims.push_back(pattern);
      continue;
    }
    claims.push_back(SenderPattern::exactly(account.address));
    for (const auto& alias : account.aliases) claims.push_back(SenderPattern::exactly(alias));
  }
  return claims;
}

template <class T>
bool same_set(const std::vector<T>& a, const std::vector<T>& b) {
  const auto within = [](const std::vector<T>& inner, const std::vector<T>& outer) {
    return std::ranges::all_of(inner, [&](const T& item) { return contains(outer, item); });
  };
  return within(a, b) && within(b, a);
}

bool same_conditions(const Account& a, const Account& b) {
  return same_set(a.clients, b.clients) && same_set(a.listeners, b.listeners) && same_set(a.users, b.users) &&
         same_set(a.local_users, b.local_users);
}

std::string in_words(const SenderPattern& claim) {
  switch (claim.kind()) {
    case SenderPattern::Kind::own:
    case SenderPattern::Kind::address:
      return fmt::format("<{}>", claim.to_string());
    case SenderPattern::Kind::domain:
    case SenderPattern::Kind::subdomains:
      return claim.to_string();
    case SenderPattern::Kind::any:
      return "* (every sender)";
  }
  return {};
}

/// The claims of `later` that one claim of `earlier` covers whole, in words, each once.
std::vector<std::string> covered_claims(std::span<const SenderPattern> earlier,
                                        std::span<const SenderPattern> later) {
  std::vector<std::string> words;
  for (const auto& claim : later) {
    if (std::ranges::none_of(earlier, [&](const SenderPattern& e) { return e.covers(claim); })) continue;
    auto text = in_words(claim);
    if (!contains(words, text)) words.push_back(std::move(text));
  }
  return words;
}

}  // namespace

RouteQuery RouteQuery::of(const smtp::ReversePath& from, const Origin& origin) {
  return {from, origin.client, origin.listener, origin.user, origin.local_user, origin.local_user_trouble};
}

Result<std::size_t> route(std::span<const Account* const> accounts,
                          const std::optional<std::string>& default_account, const RouteQuery& query) {
  std::optional<std::size_t> barred;  // the nearest that serves the sender, but not here
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (!accounts[i]->serves(query.from)) continue;
    if (may_be_used(*accounts[i], query)) return i;
    if (!barred || obstacles(*accounts[i], query) < obstacles(*accounts[*barred], query)) barred = i;
  }
  const auto fallback = std::ranges::find_if(
      accounts, [&](const Account* account) { return default_account && account->name == *default_account; });
  const auto fallback_index = static_cast<std::size_t>(fallback - accounts.begin());
  if (fallback != accounts.end() && may_be_used(**fallback, query)) return fallback_index;
  if (barred) {
    const auto& account = *accounts[*barred];
    return std::unexpected(
        refusal(fmt::format("No account may send as {} here: account {} {}", query.from.to_string(),
                            account.name, why_not(account, query))));
  }
  if (fallback != accounts.end()) {
    return std::unexpected(
        refusal(fmt::format("No account may send as {}, and the default account {} {}",
                            query.from.to_string(), (*fallback)->name, why_not(**fallback, query))));
  }
  return std::unexpected(nobody_serves(query));
}

std::vector<Conflict> find_conflicts(std::span<const Account> accounts) {
  std::vector<std::vector<SenderPattern>> claims;
  claims.reserve(accounts.size());
  for (const auto& account : accounts) claims.push_back(claims_of(account));
  std::vector<Conflict> conflicts;
  for (std::size_t first = 0; first < accounts.size(); ++first) {
    for (std::size_t second = first + 1; second < accounts.size(); ++second) {
      if (!same_conditions(accounts[first], accounts[second])) continue;
      const auto covered = covered_claims(claims[first], claims[second]);
      if (!covered.empty()) conflicts.push_back({first, second, fmt::format("{}", fmt::join(covered, ", "))});
    }
  }
  return conflicts;
}

}  // namespace homeward::mail
