// ProxyServer: a machine that connections to others are made through. RFC 1928 (SOCKS 5), RFC 1929 (its
// login), RFC 9110 §9.3.6 (HTTP CONNECT), RFC 7617 (its login). A value; net/dialer uses it.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/base/secret.hpp"

namespace homeward {

struct ProxyServer {
  enum class Kind : std::uint8_t { socks5, http_connect };
  Kind kind = Kind::socks5;
  std::string host;
  std::uint16_t port = 0;
  std::string user;  ///< empty: no login
  Secret password;
};

}  // namespace homeward
