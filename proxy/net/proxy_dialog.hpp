// ProxyDialog: what is said to a proxy until it leads through to a server, without I/O: bytes in, bytes out.
// One file pair for each kind: socks_dialog, connect_dialog; proxy_tunnel drives them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/result.hpp"
#include "proxy/base/secret.hpp"

namespace homeward::net {

/// Send this, then read: no more octets than these, as what follows may be the server's. 0: it leads through.
struct ProxyAction {
  Secret send;
  std::size_t read_at_most = 0;
};

/// Error: network 451 4.4.1, told as the proxy's, with the server named that it was to lead to.
using ProxyStep = Result<ProxyAction>;

/// The server behind the proxy.
struct ProxyDestination {
  std::string host;  ///< a name, which the proxy looks up, or an address
  std::uint16_t port = 0;
};

class ProxyDialog {
 public:
  virtual ~ProxyDialog() = default;
  virtual ProxyStep start() = 0;
  /// At least one octet, at most as many as the last action said.
  virtual ProxyStep on_bytes(std::string_view bytes) = 0;
};

}  // namespace homeward::net
