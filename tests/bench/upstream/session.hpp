// One client of the measuring upstream, from its connection to its end: the server's side of RFC 5321, 4954
// (PLAIN), 2920, 3030 (CHUNKING) and 3207, as much of them as a measured submission needs. It checks little
// and is quick.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tests/bench/letter.hpp"
#include "tests/bench/upstream/faults.hpp"
#include "tests/bench/upstream/tally.hpp"
#include "tests/bench/upstream/wire.hpp"

namespace bench {

enum class Port { plain, submission, submissions };  ///< no TLS and no login; STARTTLS; implicit TLS

/// What all sessions use; outlives them.
struct Service {
  asio::ssl::context& tls;
  std::string plain_response;  ///< the one SASL PLAIN response that is taken, in base64
  bool chunking = true;
  Faults faults;
  Tally tally;
};

/// From MAIL to the answer to its content.
struct Transaction {
  std::string id;  ///< of its last recipient
  bool has_recipient = false;
  unsigned round_trips = 1;  ///< the flight that brought MAIL is the first
  std::uint64_t octets = 0;
  Checker content;
};

class Session {
 public:
  Session(asio::ip::tcp::socket socket, Port port, Service& service);
  /// Until the connection ends.
  asio::awaitable<void> run();

 private:
  asio::awaitable<bool> secure();
  asio::awaitable<bool> fill();
  asio::awaitable<bool> read_line();
  asio::awaitable<bool> obey();
  asio::awaitable<bool> start_tls();
  asio::awaitable<bool> login();
  asio::awaitable<bool> data();
  asio::awaitable<bool> chunk();
  asio::awaitable<void> finish();
  void hello();
  void mail();
  void recipient();

  void reply(std::string_view text) { replies_ += text; }
  std::string_view buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }

  Wire wire_;
  Port port_;
  Service& service_;
  std::array<char, 65536> buffer_;  // octets begin_ to end_ of it were not looked at yet
  std::size_t begin_ = 0, end_ = 0;
  std::string line_;     // the current command, without CR LF
  std::string replies_;  // not written yet: one write when more input is needed
  bool ended_ = false;
  bool logged_in_ = false;
  std::optional<Transaction> transaction_;
};

}  // namespace bench
