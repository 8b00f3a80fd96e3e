// ClientDialog: the upstream's turn from its greeting to the point where a login can begin: EHLO, and
// where asked for STARTTLS and EHLO again. Nothing that was said in clear is remembered, and nothing but
// EHLO, STARTTLS and QUIT is ever said in clear. Event in, action out. RFC 5321 §3.1, RFC 3207.
#pragma once

#include <string>
#include <variant>

#include "proxy/base/result.hpp"
#include "proxy/smtp/capabilities.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::smtp {

struct ClientSettings {
  std::string hostname;   ///< ours, for EHLO
  std::string server;     ///< the server's name, for errors
  bool start_tls = true;  ///< false: the connection is inside TLS from its first byte
};

/// Send this, then read a reply.
struct SendCommand {
  std::string line;
};
struct ReadReply {};
/// Begin the TLS handshake, then tell on_tls_up().
struct BeginTls {};
/// Inside verified TLS, with capabilities known: log in.
struct Ready {};
/// Give the connection up.
struct GiveUp {
  Error error;
};
using ClientAction = std::variant<SendCommand, ReadReply, BeginTls, Ready, GiveUp>;

class ClientDialog {
 public:
  explicit ClientDialog(ClientSettings settings)
      : settings_(std::move(settings)), in_tls_(!settings_.start_tls) {}

  /// The server speaks first.
  ClientAction start() const { return ReadReply{}; }
  /// `bytes_behind`: how much the server has sent behind this reply already.
  ClientAction on_reply(const Reply& reply, std::size_t bytes_behind);
  ClientAction on_tls_up();

  /// Of the last EHLO; to be used when Ready was said.
  const Capabilities& capabilities() const { return capabilities_; }

 private:
  enum class State { greeting, ehlo, start_tls, tls_handshake, ready };

  ClientAction say_ehlo();
  ClientAction on_greeting(const Reply& reply);
  ClientAction on_ehlo(const Reply& reply);
  ClientAction on_start_tls(const Reply& reply, std::size_t bytes_behind);
  /// A server that refuses: 4yz for us whatever it said, so that mail waits or another server is tried.
  GiveUp refused(std::string_view step, const Reply& reply) const;
  GiveUp no_tls(std::string text) const;

  ClientSettings settings_;
  State state_ = State::greeting;
  bool in_tls_;
  Capabilities capabilities_;
};

}  // namespace homeward::smtp
