// What plain and TLS streams have in common: reading, writing and deadlines over an Asio layer. Included
// by tcp_stream.cpp and tls_stream.cpp alone; others see Stream.
#pragma once

#include <poll.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <span>
#include <string_view>

#include "proxy/net/deadline.hpp"
#include "proxy/net/faults.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/net/tcp_stream.hpp"

namespace homeward::net {

/// As kNoThrow, awaited in place: an operation has no coroutine frame of its own.
inline constexpr auto kInPlace = asio::as_tuple(asio::deferred);

inline constexpr std::chrono::milliseconds kAgain{100};
inline constexpr std::chrono::milliseconds kTaken{1000};
inline constexpr std::chrono::milliseconds kTakenPause{10};

/// Of what was written to a TCP socket, by its unacknowledged octets and its pending error.
enum class Taken : std::uint8_t { yes, no, not_yet };
Taken what_was_taken(int socket);

/// `Layer` is tcp::socket or ssl::stream<tcp::socket>.
template <class Layer>
class SocketStream : public Stream {
 public:
  template <class... Arguments>
  explicit SocketStream(const asio::any_io_executor& executor, Arguments&&... arguments)
      : layer_(std::forward<Arguments>(arguments)...), watchdog_(executor, [this] { time_is_over(); }) {}

  Task<std::size_t> read_some(std::span<char> into) override {
    // Both may have come while nothing was pending.
    if (stopped_) co_return std::unexpected(canceled_error());
    if (timed_out_) co_return std::unexpected(timeout_error("reading"));
    const auto [fault, count] =
        co_await layer_.async_read_some(asio::buffer(into.data(), into.size()), kInPlace);
    if (!fault) co_return count;
    if (stopped_) co_return std::unexpected(canceled_error());
    if (is_end(fault)) co_return std::size_t{0};
    co_return std::unexpected(describe("reading", fault));
  }

  Task<void> write(std::string_view bytes) override {
    if (timed_out_) co_return std::unexpected(timeout_error("writing"));
    const auto [fault, count] =
        co_await asio::async_write(layer_, asio::buffer(bytes.data(), bytes.size()), kInPlace);
    if (!fault && count == bytes.size()) co_return Result<void>{};
    co_return std::unexpected(describe("writing", fault));
  }

  void close() noexcept override {
    watchdog_.disarm();
    boost::system::error_code ignored;  // closing a socket that is gone already is no fault
    layer_.lowest_layer().close(ignored);
  }

  void stop_reading() noexcept override {
    stopped_ = true;
    cancel();
  }

  void expires_after(std::chrono::milliseconds time) override {
    timed_out_ = false;
    watchdog_.arm(time);
  }
  void expires_never() override { watchdog_.disarm(); }
  void must_be_taken_within(std::chrono::milliseconds time) override {
    set_user_timeout(layer_.lowest_layer().native_handle(), time);
  }

  bool has_input() override {
    pollfd state{layer_.lowest_layer().native_handle(), POLLIN, 0};
    return ::poll(&state, 1, 0) > 0;
  }

  asio::awaitable<bool> was_taken() override {
    asio::steady_timer pause(layer_.get_executor());
    for (auto waited = std::chrono::milliseconds{0}; waited < kTaken; waited += kTakenPause) {
      const auto taken = what_was_taken(layer_.lowest_layer().native_handle());
      if (taken != Taken::not_yet) co_return taken == Taken::yes;
      pause.expires_after(kTakenPause);
      if (const auto [stopped] = co_await pause.async_wait(kInPlace); stopped) co_return false;
    }
    co_return false;
  }

  IpAddress peer() const override {
    boost::system::error_code fault;
    const auto endpoint = layer_.lowest_layer().remote_endpoint(fault);
    return fault ? IpAddress{} : from_asio(endpoint.address());
  }

 protected:
  Layer& layer() { return layer_; }
  const Layer& layer() const { return layer_; }
  virtual bool is_end(const boost::system::error_code& fault) const = 0;
  bool is_stopped() const { return stopped_; }
  bool is_timed_out() const { return timed_out_; }
  Error describe(std::string_view what, const boost::system::error_code& fault) const {
    return timed_out_ ? timeout_error(what) : network_error(what, fault);
  }

 private:
  /// A composed operation may be between two of its steps, where there is nothing to cancel: it is said again
  /// until somebody hears it.
  void time_is_over() {
    timed_out_ = true;
    cancel();
    watchdog_.arm(kAgain);
  }

  void cancel() noexcept {
    boost::system::error_code ignored;  // nothing is pending where there is no socket
    layer_.lowest_layer().cancel(ignored);
  }

  Layer layer_;
  Watchdog watchdog_;
  bool stopped_ = false;
  bool timed_out_ = false;
};

}  // namespace homeward::net
