// Opener: from an account to a connection that is logged in: over its servers in order and, of each, its
// ports as the ladder has them. What is tried, with which TLS settings, and what is remembered of it stands
// here; how many connections there may be, and when none is tried at all, is the pool's to say. product.md 6.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/upstream/connection.hpp"
#include "proxy/upstream/failures.hpp"
#include "proxy/upstream/login_gate.hpp"
#include "proxy/upstream/stored_memory.hpp"

namespace homeward::upstream {

/// "home (mail.example): cause": how an error names the account and its server.
Error named(const conf::AccountConfig& account, const std::string& host, Error error);

class Opener {
 public:
  /// `gate` outlives it.
  Opener(ConnectionServices services, LoginGate& gate)
      : services_(std::move(services)), gate_(gate), memory_(services_.executor, services_.offload) {}

  /// Errors, all 4yz, with account and server named in the text: 4.4.1 (no server reached), 4.4.3 (DNS),
  /// 4.7.5 (TLS), 4.7.0 (login refused, fault login, or not possible). A refused login ends it at once, as
  /// the next server would count it too; so does a password that can't be had.
  net::Task<std::unique_ptr<Connection>> open(Target target);

  /// A new configuration holds: files of certificates are read anew.
  void reloaded();
  const net::asio::any_io_executor& executor() const { return services_.executor; }
  /// For `status`: accounts whose last login was weaker than before, a sentence each.
  std::vector<std::string> troubles() const { return memory_.now().troubles(); }

 private:
  Result<net::TlsContext> tls_of(const conf::AccountConfig& account);
  net::Task<std::unique_ptr<Connection>> open_any(const OpenRequest& request);
  net::Task<std::unique_ptr<Connection>> open_server(const OpenRequest& request, const conf::Server& server,
                                                     std::vector<PortFailure>& failures);
  void remember(const OpenRequest& request, const conf::Server& server, const Connection& connection,
                const std::string& mechanism);

  net::Task<std::string> log_in(const OpenRequest& request, const conf::Server& server,
                                Connection& connection);

  ConnectionServices services_;
  LoginGate& gate_;
  StoredMemory memory_;
  std::map<std::string, net::TlsContext> contexts_;  // by their settings' fingerprint
};

}  // namespace homeward::upstream
