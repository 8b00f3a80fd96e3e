// Both ends of TLS over loopback: our client against our server, whose settings a test may bend.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "proxy/net/supervisor.hpp"
#include "proxy/net/tcp_stream.hpp"
#include "proxy/net/tls_stream.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/test_ca.hpp"

namespace homeward::net::test {

using homeward::test::CertificateFiles;
using homeward::test::TestCa;

inline TestCa& ca() {
  static TestCa made;
  return made;
}

/// Greets a client inside TLS, waits for its good-bye, and says good-bye.
inline asio::awaitable<void> serve(std::unique_ptr<Stream> plain, TlsContext context) {
  auto stream = co_await tls_accept(std::move(plain), std::move(context), std::chrono::seconds(10));
  if (!stream) co_return;
  (void)co_await (*stream)->write("220 hello\r\n");
  std::array<char, 64> buffer{};
  (*stream)->expires_after(std::chrono::seconds(10));
  (void)co_await (*stream)->read_some(buffer);
  co_await (*stream)->shutdown();
}

enum class Parting : std::uint8_t { polite, abrupt };

struct Visit {
  Result<TlsFacts> facts;
  std::string heard;
};

/// Connects, hears the greeting, and leaves.
inline asio::awaitable<Visit> visit(std::unique_ptr<Stream> plain, TlsContext context, std::string host,
                                    Parting parting) {
  auto stream =
      co_await tls_connect(std::move(plain), std::move(context), std::move(host), std::chrono::seconds(10));
  if (!stream) co_return Visit{std::unexpected(std::move(stream.error())), {}};
  Visit outcome{*(*stream)->tls(), {}};
  std::array<char, 64> buffer{};
  (*stream)->expires_after(std::chrono::seconds(10));
  const auto count = co_await (*stream)->read_some(buffer);
  if (count) outcome.heard.assign(buffer.data(), *count);
  if (parting == Parting::polite) co_await (*stream)->shutdown();
  co_return outcome;
}

/// A server at one port that is visited again and again.
class TlsHouse {
 public:
  explicit TlsHouse(const CertificateFiles& files) { change(files); }

  /// The server starts afresh with another certificate; it knows none of its old sessions.
  void change(const CertificateFiles& files, const std::function<void(SSL_CTX*)>& bend = nullptr) {
    auto made = TlsContext::server(files.certificate, files.key);
    REQUIRE(made);
    if (bend) bend(made->native().native_handle());
    theirs_ = std::make_unique<TlsContext>(*std::move(made));
  }

  Visit visited_by(const TlsContext& ours, const std::string& host = "localhost",
                   Parting parting = Parting::polite) {
    Supervisor supervisor(context_.get_executor());
    asio::ip::tcp::socket socket(context_);
    socket.connect(acceptor_.local_endpoint());
    supervisor.spawn("server", serve(make_tcp_stream(acceptor_.accept()), *theirs_));
    auto outcome =
        homeward::test::await(context_, visit(make_tcp_stream(std::move(socket)), ours, host, parting));
    homeward::test::await(context_, supervisor.drained(std::chrono::seconds(10)));
    return outcome;
  }

  /// The name under which a client keeps this server's sessions.
  std::string name(const std::string& host = "localhost") const {
    return host + " " + std::to_string(acceptor_.local_endpoint().port());
  }

 private:
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::unique_ptr<TlsContext> theirs_;
};

inline TlsContext client_context(const TlsSettings& settings) {
  auto made = TlsContext::client(settings);
  REQUIRE(made);
  return *std::move(made);
}

}  // namespace homeward::net::test
