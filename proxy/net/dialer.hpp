// Dialer: a TCP connection to a host by name, over all its addresses side by side (RFC 8305), straight or
// through a proxy, within one time limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "proxy/base/proxy_server.hpp"
#include "proxy/net/resolver.hpp"
#include "proxy/net/stream.hpp"

namespace homeward::net {

struct DialTarget {
  std::string host;
  std::uint16_t port = 0;
  /// Through whom; null: straight. The proxy looks the host's name up.
  std::shared_ptr<const ProxyServer> proxy = nullptr;
};

/// Connects to `target`. Errors: dns 451 4.4.3; network 451 4.4.1 (refused, unreachable; the last address's
/// fault), timeout 451 4.4.1; each names host and port, and the proxy where it is the proxy's.
Task<std::unique_ptr<Stream>> dial(asio::any_io_executor executor, Resolver& resolver, DialTarget target,
                                   std::chrono::milliseconds timeout);

}  // namespace homeward::net
