// HomeSession: one client of the provider in the box, from greeting to close: drives HomeDialog over a
// stream, begins TLS where it is due, and puts content into the Maildir.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/app/sandbox/home_dialog.hpp"
#include "proxy/app/sandbox/maildir.hpp"
#include "proxy/net/offload.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/net/tls_context.hpp"

namespace homeward::app::sandbox {

/// What all sessions use; it lives longer than they do.
struct HomeHouse {
  const Home& home;
  const Maildir& maildir;
  const net::TlsContext& tls;
  net::Offload& offload;
};

class HomeSession {
 public:
  HomeSession(HomeHouse house, HomePort port, std::unique_ptr<net::Stream> stream);

  /// Runs to the end of the session.
  net::asio::awaitable<void> run();

 private:
  net::asio::awaitable<bool> begin_tls();
  net::asio::awaitable<std::optional<HomeAnswer>> carry_out(HomeAnswer answer);
  net::asio::awaitable<std::optional<HomeAnswer>> read_line();
  net::asio::awaitable<std::optional<HomeAnswer>> read_content();
  net::asio::awaitable<smtp::Reply> store(MaildirFile file);
  net::asio::awaitable<bool> fill(std::size_t size);
  net::asio::awaitable<bool> flush();
  std::string trace_fields() const;

  HomeHouse house_;
  HomePort port_;
  std::unique_ptr<net::Stream> stream_;
  HomeDialog dialog_;
  std::string input_;   // bytes of the client, not yet used
  std::string output_;  // replies that wait for the end of a pipelined group
  bool dropping_line_ = false;
};

}  // namespace homeward::app::sandbox
