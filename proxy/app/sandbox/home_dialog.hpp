// HomeDialog: what the provider in the box answers: relaying by network on its plain port, and on its
// submission ports STARTTLS, login and the rule of the own sender. Line in, answer out; no sockets, no
// files. home_session.cpp drives it. RFC 5321, RFC 6409 §6.1, RFC 3207, RFC 4954.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/sasl_server.hpp"
#include "proxy/app/sandbox/home.hpp"
#include "proxy/smtp/server_dialog.hpp"

namespace homeward::app::sandbox {

enum class HomeNext : std::uint8_t { read_line, read_content, start_tls, close };

/// Send the reply, then go on.
struct HomeAnswer {
  smtp::Reply reply;
  HomeNext next = HomeNext::read_line;
};

class HomeDialog {
 public:
  /// So many refused logins, or refused commands, end a session.
  static constexpr unsigned kMaxLogins = 5;
  static constexpr unsigned kMaxErrors = 25;

  HomeDialog(const Home& home, HomePort port, IpAddress client);

  HomeAnswer start() const;
  HomeAnswer on_line(const smtp::LineEvent& event);
  /// TLS is up: before start() with implicit TLS, else after start_tls. All that was said is forgotten.
  void on_tls_up(std::optional<auth::ChannelBinding> binding);
  /// The content was read to its end; the final reply.
  HomeAnswer on_content(smtp::Reply reply);

  const smtp::ReversePath& sender() const { return sender_; }
  const std::vector<smtp::ForwardPath>& recipients() const { return recipients_; }
  const std::string& client_name() const { return client_name_; }
  const IpAddress& client() const { return client_; }
  const std::string& user() const { return user_; }  ///< logged in; empty: nobody
  /// As Received names it, RFC 3848: SMTP, ESMTP, ESMTPS, ESMTPSA.
  std::string_view protocol() const;

 private:
  enum class State : std::uint8_t { before_hello, ready, transaction, content };
  enum class Login : std::uint8_t { none, challenged, last_word };

  HomeAnswer on_command(const smtp::Command& command, bool more);
  HomeAnswer hello(const std::string& name, bool esmtp);
  HomeAnswer mail(const smtp::Mail& mail);
  HomeAnswer rcpt(const smtp::Recipient& recipient);
  HomeAnswer data(bool more);
  HomeAnswer start_tls(bool more);
  HomeAnswer auth(const smtp::Auth& auth, bool more);
  HomeAnswer on_response(std::string_view line);
  HomeAnswer on_login_step(Result<auth::SaslServer::Step> step);
  HomeAnswer logged_in();
  HomeAnswer refuse(smtp::Reply reply);
  bool may_relay(const smtp::ForwardPath& to) const;
  void end_transaction();

  const Home& home_;
  HomePort port_;
  IpAddress client_;
  State state_ = State::before_hello;
  bool in_tls_ = false;
  bool esmtp_ = false;
  std::string client_name_;
  std::optional<auth::SaslServer> sasl_;  // inside TLS alone
  Login login_ = Login::none;
  std::string candidate_;  // has proved himself; SCRAM's last word to him is under way
  std::string user_;
  smtp::ReversePath sender_;
  std::vector<smtp::ForwardPath> recipients_;
  unsigned refused_logins_ = 0;
  unsigned errors_ = 0;
};

}  // namespace homeward::app::sandbox
