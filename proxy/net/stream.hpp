// Stream: a connection to a peer, plain or inside TLS, as the rest of the house sees it. One reader and
// one writer at a time. Every operation must end before the deadline set by expires_after(). After a
// time-out a plain stream may still say a last word under a new deadline; inside TLS it can only be closed.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proxy/base/network.hpp"
#include "proxy/net/task.hpp"

namespace homeward::net {

/// What was agreed in a TLS handshake, and the bytes that bind a login to it (RFC 9266, RFC 5929).
struct TlsFacts {
  std::string version;  ///< "TLSv1.3"
  std::string cipher;
  std::string binding_type;  ///< "tls-exporter" (1.3) or "tls-unique" (1.2); empty: none
  std::string binding_data;
  bool resumed = false;  ///< from a session of an earlier connection, which was verified in full
};

class Stream {
 public:
  virtual ~Stream() = default;

  /// Reads what is there, at least one octet; 0 where the peer has closed.
  /// Errors: network, timeout, canceled (after stop_reading).
  virtual Task<std::size_t> read_some(std::span<char> into) = 0;
  /// Waits, without a buffer, until a read has something to tell: for those who may wait long. Some streams
  /// (TLS) can't know and return at once. Errors: as read_some.
  virtual Task<void> wait_input() { co_return Result<void>{}; }
  /// Writes all of it in as few segments as it takes.
  virtual Task<void> write(std::string_view bytes) = 0;
  /// Says good-bye (TLS close_notify, FIN) as far as the peer lets us within a second, and closes.
  virtual asio::awaitable<void> shutdown() = 0;
  /// Closes at once; the peer sees an end without a good-bye.
  virtual void close() noexcept = 0;
  /// Makes a pending read end with `canceled`; the stream can still be written to.
  virtual void stop_reading() noexcept = 0;

  /// From now on everything must be done within this time.
  virtual void expires_after(std::chrono::milliseconds time) = 0;
  virtual void expires_never() = 0;
  /// A peer that does not acknowledge what is written within this time is gone (TCP_USER_TIMEOUT, RFC 5482):
  /// the operation that waits, or the next, ends with a fault of the network. 120 s where nobody sets it; no
  /// effect where there is no TCP beneath.
  virtual void must_be_taken_within(std::chrono::milliseconds /*time*/) {}

  /// False where the peer is known not to have got all that was written: it reset the connection, or has not
  /// acknowledged within a second. Asked before shutdown().
  virtual asio::awaitable<bool> was_taken() { co_return true; }
  /// True where the peer has sent something that nobody has read yet, or is gone: the next read tells.
  virtual bool has_input() = 0;
  virtual IpAddress peer() const = 0;
  virtual const std::optional<TlsFacts>& tls() const = 0;
};

}  // namespace homeward::net
