// Server: the listeners and the sessions on them. Opens, re-opens at reload, and drains. Sessions keep the
// configuration that they began with.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "conf/config.hpp"
#include "proxy/delivery/delivery.hpp"
#include "proxy/frontend/access.hpp"
#include "proxy/frontend/client_session.hpp"
#include "proxy/frontend/local_owner.hpp"
#include "proxy/net/listener.hpp"
#include "proxy/net/supervisor.hpp"

namespace homeward::frontend {

/// A listening socket that a service manager passed in. sd_listen_fds_with_names(3)
struct PassedDescriptor {
  std::string name;
  int descriptor = -1;
};

class Server {
 public:
  using MakeDelivery =
      std::function<std::unique_ptr<delivery::Delivery>(std::shared_ptr<const conf::Config>)>;

  /// `listening` owns the accept loops, `sessions` what clients start; both outlive the server.
  Server(net::Supervisor& listening, net::Supervisor& sessions, std::vector<PassedDescriptor> passed,
         MakeDelivery make_delivery);

  /// Makes `config` hold: opens what is new, closes what is gone. Errors: local, the first address that
  /// could not be opened; what could be is open all the same.
  Result<void> apply(std::shared_ptr<const conf::Config> config);

  /// Tells the log of sockets that were passed in and that no listener takes.
  void report_unused_sockets() const;

  /// No new clients; idle sessions end with 421.
  void drain();
  /// The rest ends with 421 too, wherever it waits for its client.
  void stop_now();

  std::size_t open_sessions() const { return access_.open_sessions(); }
  /// "127.0.0.1:25", "[::1]:25"
  std::vector<std::string> address_list() const;
  /// The same on one line.
  std::string addresses() const;

 private:
  struct Open {
    std::string listener;  // its name in the configuration
    conf::ListenAddress address;
    std::shared_ptr<net::Listener> socket;  // shared with its accept loop
  };
  Result<void> open(const conf::Listener& listener, const conf::ListenAddress& address);
  Result<void> open_passed(const conf::Listener& listener, const std::string& name);
  Result<void> open_default(const conf::Listener& listener);
  Result<void> add(const conf::Listener& listener, const conf::ListenAddress& address,
                   Result<net::Listener> socket);
  bool is_open(const conf::Listener& listener, const conf::ListenAddress& address) const;
  void close_what_is_gone();
  void accept(const std::string& listener, net::asio::ip::tcp::socket socket);
  /// `ends`: of a session whose local user is asked for; else null.
  net::asio::awaitable<void> serve(std::unique_ptr<ClientSession> session, Access::Ticket ticket,
                                   std::unique_ptr<net::ConnectionEnds> ends);
  net::asio::awaitable<void> refuse(std::unique_ptr<net::Stream> stream, StatusReply reply);

  net::Supervisor& listening_;
  net::Supervisor& sessions_owner_;
  std::vector<PassedDescriptor> passed_;
  MakeDelivery make_delivery_;
  std::shared_ptr<const conf::Config> config_;
  std::vector<Open> open_;
  Access access_;
  UnreadAnswers unread_;
  LocalOwners owners_;
  std::list<ClientSession*> sessions_;  // of serve(), which takes them out
  std::size_t refusals_ = 0;            // under way
  bool draining_ = false;
};

}  // namespace homeward::frontend
