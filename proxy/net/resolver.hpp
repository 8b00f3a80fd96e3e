// Names to addresses by c-ares, on the network thread. Each look-up starts afresh: no failure is cached and
// a changed resolv.conf is seen (field-notes 45).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/network.hpp"
#include "proxy/net/task.hpp"

namespace homeward::net {

class Lookup;
class Wakeup;

class Resolver {
 public:
  /// `servers`: ADDRESS:PORT,…, in place of the system's; empty: those.
  explicit Resolver(asio::any_io_executor executor, std::string servers = {});

  /// The addresses of `host` (a name, or an address as text), in the order to be tried within each family:
  /// all that came in time. At least one. Errors: dns 451 4.4.3, temporary even for NXDOMAIN (a roaming
  /// network lies); canceled.
  Task<std::vector<IpAddress>> resolve(std::string host, std::chrono::milliseconds timeout);
  /// A look-up that tells what it has as it comes.
  std::unique_ptr<Lookup> begin(std::string host, std::shared_ptr<Wakeup> wakeup);

 private:
  asio::any_io_executor executor_;
  std::string servers_;
};

}  // namespace homeward::net
