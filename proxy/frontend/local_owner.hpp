// LocalOwners: which user of this machine a loopback client is. Asked by the server once per session, where
// an account has `local_users` (product.md 4, "Routing"). What blocks, the kernel's tables and the system's
// user database, runs on threads of its own, which begin with the first question: a directory server that is
// slow holds up nobody else.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "proxy/mail/local_user.hpp"
#include "proxy/net/offload.hpp"
#include "proxy/net/socket_owner.hpp"

namespace homeward::frontend {

/// A user, or why none is known: for people.
struct LocalOwner {
  std::optional<mail::LocalUser> user;
  std::string trouble;
};

/// The name of a user id in the system's user database; empty where there is none. May block for long.
std::string local_user_name(std::uint32_t id);

class LocalOwners {
 public:
  net::asio::awaitable<LocalOwner> of(net::ConnectionEnds ends);

 private:
  struct Known {
    std::string name;
    std::chrono::steady_clock::time_point until;
  };
  net::asio::awaitable<std::string> name_of(std::uint32_t id);

  std::map<std::uint32_t, Known> known_;
  net::Offload offload_{2};
};

}  // namespace homeward::frontend
