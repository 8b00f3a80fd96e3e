// From a connection to a proxy to one that leads through it: drives a ProxyDialog over the stream.
#pragma once

#include <chrono>
#include <memory>

#include "proxy/base/proxy_server.hpp"
#include "proxy/net/proxy_dialog.hpp"
#include "proxy/net/stream.hpp"

namespace homeward::net {

/// Reads not one octet that the server behind sends. Errors: network, timeout 451 4.4.1, told as the proxy's.
Task<void> open_tunnel(Stream& stream, std::shared_ptr<const ProxyServer> proxy, ProxyDestination destination,
                       std::chrono::milliseconds timeout);

}  // namespace homeward::net
