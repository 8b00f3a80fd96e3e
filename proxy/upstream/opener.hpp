// Opener: from an account to a connection that is logged in: over its servers and their ports. What is tried,
// in which order and with which TLS settings stands here; how many connections there may be, and when none
// is tried at all, is the pool's to say.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "proxy/upstream/connection.hpp"

namespace homeward::upstream {

/// An account and what keeps it alive.
struct Target {
  std::shared_ptr<const conf::Config> config;
  const conf::AccountConfig* account = nullptr;  ///< inside `config`
};

/// "home (mail.example): cause": how an error names the account and its server.
Error named(const conf::AccountConfig& account, const std::string& host, Error error);

class Opener {
 public:
  explicit Opener(ConnectionServices services) : services_(std::move(services)) {}

  /// Errors, all 4yz, with account and server named in the text: 4.4.1 (no server reached), 4.4.3 (DNS),
  /// 4.7.5 (TLS), 4.7.0 (login refused, fault login, or not possible). A refused login ends it at once, as
  /// the next server would count it too.
  net::Task<std::unique_ptr<Connection>> open(Target target);

  /// A new configuration holds: CA files are read anew.
  void reloaded() { contexts_.clear(); }
  const net::asio::any_io_executor& executor() const { return services_.executor; }

 private:
  Result<net::TlsContext> tls_of(const conf::AccountConfig& account);

  ConnectionServices services_;
  std::map<std::string, net::TlsContext> contexts_;  // by what stands in them
};

}  // namespace homeward::upstream
