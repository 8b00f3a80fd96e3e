// Alert: runs `alert_command` where something needs a person: for gateways that nobody looks at. It gets what
// there is to say in its environment; what it prints is not read. product.md 4
#pragma once

#include <string>

#include "proxy/net/offload.hpp"
#include "proxy/net/supervisor.hpp"

namespace homeward::app {

struct AlertFacts {
  std::string event;    ///< HOMEWARD_EVENT: needs-attention, message-failed
  std::string account;  ///< HOMEWARD_ACCOUNT
  std::string cause;    ///< HOMEWARD_CAUSE, one line
  std::string message;  ///< HOMEWARD_MESSAGE: its id; may be empty
};

class Alert {
 public:
  /// So many may run at once; more are logged and left out.
  static constexpr unsigned kMost = 4;

  Alert(net::Offload& offload, net::Supervisor& supervisor) : offload_(offload), supervisor_(supervisor) {}

  /// Nothing where `command` is empty. Does not wait.
  void raise(const std::string& command, AlertFacts facts);

 private:
  net::asio::awaitable<void> run(std::string command, AlertFacts facts);

  net::Offload& offload_;
  net::Supervisor& supervisor_;
  unsigned running_ = 0;
};

/// Runs it by /bin/sh, for at most a minute. Blocking. Error: local.
Result<void> run_alert(const std::string& command, const AlertFacts& facts);

}  // namespace homeward::app
