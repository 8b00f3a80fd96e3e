// Home: what the provider in the box is: its names, the network it relays for, its one user, its limits.
// Values alone; home_dialog.cpp makes an MTA of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/sasl_server.hpp"
#include "proxy/base/network.hpp"
#include "proxy/base/result.hpp"
#include "proxy/base/secret.hpp"
#include "proxy/smtp/path.hpp"

namespace homeward::app::sandbox {

/// relay: the old way, plain and by network; the two others: by login, inside TLS (RFC 6409, RFC 8314).
enum class HomePort : std::uint8_t { relay, submission, submissions };

inline constexpr std::string_view kOwnNetwork = "127.0.1.0/24";

class Home : public auth::UserDatabase {
 public:
  /// `address` is what `login` may send as; its domain is the provider's. Error: local, where the address
  /// is none.
  static Result<Home> make(std::string login, std::string_view address, Secret password);

  std::optional<Secret> password_of(std::string_view user) const override;

  const std::string& hostname() const { return hostname_; }
  const std::string& domain() const { return address_.domain(); }
  const std::string& login() const { return login_; }
  const smtp::Mailbox& address() const { return address_; }
  const Network& own_network() const { return own_network_; }
  std::uint64_t max_message_size() const { return std::uint64_t{25} << 20U; }  ///< octets
  unsigned max_recipients() const { return 100; }

 private:
  Home(std::string login, smtp::Mailbox address, Secret password, Network own_network)
      : hostname_("submission." + address.domain()),
        login_(std::move(login)),
        address_(std::move(address)),
        password_(std::move(password)),
        own_network_(own_network) {}

  std::string hostname_;
  std::string login_;
  smtp::Mailbox address_;
  Secret password_;
  Network own_network_;
};

}  // namespace homeward::app::sandbox
