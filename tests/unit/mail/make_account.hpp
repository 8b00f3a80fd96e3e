// Short ways to write the values that these tests are about.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/mail/account.hpp"

namespace homeward::mail {

inline smtp::Mailbox mailbox(std::string_view text) {
  return smtp::Mailbox::parse(text).value();
}

/// "<>" or an address without brackets.
inline smtp::ReversePath sender(std::string_view text) {
  return text == "<>" ? smtp::ReversePath{} : smtp::ReversePath{mailbox(text)};
}

inline SenderPattern pattern(std::string_view text) {
  return SenderPattern::parse(text).value();
}

inline IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

inline Account make_account(std::string name, std::string_view address,
                            const std::vector<std::string_view>& senders = {"own"}) {
  Account account;
  account.name = std::move(name);
  account.address = mailbox(address);
  for (const auto text : senders) account.senders.push_back(pattern(text));
  return account;
}

/// What route() takes.
inline std::vector<const Account*> refs(const std::vector<Account>& accounts) {
  std::vector<const Account*> pointers;
  for (const auto& account : accounts) pointers.push_back(&account);
  return pointers;
}

}  // namespace homeward::mail
