// What Config's plain values can say of themselves.
#include "conf/config.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace homeward::conf {

std::string SocketAddress::to_string() const {
  return address.is_v4() ? fmt::format("{}:{}", address.to_string(), port)
                         : fmt::format("[{}]:{}", address.to_string(), port);
}

bool Config::asks_for_local_users() const {
  return std::ranges::any_of(accounts,
                             [](const AccountConfig& account) { return !account.rules.local_users.empty(); });
}

}  // namespace homeward::conf
