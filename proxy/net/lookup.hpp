// Lookup: the addresses of one name, of both families side by side (RFC 8305 §3), so that a family whose
// answer never comes holds nobody up. Driven by its owner's loop: watch(), sleep, process(), take(). By
// c-ares.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/error.hpp"
#include "proxy/base/network.hpp"
#include "proxy/net/wakeup.hpp"

namespace homeward::net {

class Lookup {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `servers`: ADDRESS:PORT,…, in place of the system's; empty: those.
  Lookup(asio::any_io_executor executor, std::shared_ptr<Wakeup> wakeup, std::string host,
         const std::string& servers);
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  ~Lookup();

  /// Before its owner sleeps: answers will wake it.
  void watch();
  /// When it wants to be processed though nothing came.
  TimePoint due() const;
  /// After its owner slept.
  void process();

  /// Addresses that came since, in the order to be tried within each family.
  std::vector<IpAddress> take();
  /// No more will come.
  bool is_over() const;
  /// Why there is none: dns 451 4.4.3, temporary even for NXDOMAIN (a roaming network lies).
  Error fault() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace homeward::net
