// Names to addresses by c-ares, on the network thread. Each look-up starts afresh: no failure is cached and
// a changed resolv.conf is seen (field-notes 45).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "proxy/base/network.hpp"
#include "proxy/net/task.hpp"

namespace homeward::net {

class Resolver {
 public:
  explicit Resolver(asio::any_io_executor executor);

  /// The addresses of `host` (a name, or an address as text), in the order to be tried. At least one.
  /// Errors: dns 451 4.4.3, temporary even for NXDOMAIN (a roaming network lies); timeout.
  Task<std::vector<IpAddress>> resolve(std::string host, std::chrono::milliseconds timeout);

 private:
  asio::any_io_executor executor_;
};

}  // namespace homeward::net
