// MemoryStream: a net::Stream without a network. What the peer says and hears is up to two callbacks, so
// that a test is in control at every step. Used by the transcripts and by unit tests of the client's side.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "proxy/net/faults.hpp"
#include "proxy/net/stream.hpp"

namespace homeward::test {

class MemoryStream final : public net::Stream {
 public:
  struct Peer {
    /// The next bytes of the peer; "" where it has closed; or a fault.
    std::function<Result<std::string>()> more;
    /// What it hears; or a fault.
    std::function<Result<void>(std::string_view)> hear;
    /// We closed, with a good-bye or without.
    std::function<void()> ended;
    /// A read or write that no deadline covers: it could wait for ever.
    std::function<void()> unguarded;
  };

  /// `most`: how many octets one read gives at most.
  MemoryStream(Peer peer, std::size_t most) : peer_(std::move(peer)), most_(most) {}

  net::Task<std::size_t> read_some(std::span<char> into) override {
    guard();
    if (stopped_) co_return std::unexpected(net::canceled_error());
    if (pending_.empty()) {
      auto bytes = peer_.more();
      if (stopped_) co_return std::unexpected(net::canceled_error());
      if (!bytes) co_return std::unexpected(std::move(bytes.error()));
      pending_ = std::move(*bytes);
    }
    const auto count = std::min({pending_.size(), into.size(), most_});
    std::copy_n(pending_.begin(), count, into.begin());
    pending_.erase(0, count);
    co_return count;
  }

  net::Task<void> write(std::string_view bytes) override {
    guard();
    co_return peer_.hear(bytes);
  }

  net::asio::awaitable<void> shutdown() override {
    close();
    co_return;
  }
  void close() noexcept override {
    if (!std::exchange(closed_, true)) peer_.ended();
  }
  void stop_reading() noexcept override { stopped_ = true; }
  bool stopped() const { return stopped_; }

  void expires_after(std::chrono::milliseconds time) override { deadline_ = time; }
  void expires_never() override { deadline_.reset(); }

  bool has_input() override { return !pending_.empty(); }
  IpAddress peer() const override { return *IpAddress::parse("192.0.2.7"); }
  const std::optional<net::TlsFacts>& tls() const override { return no_tls_; }

 private:
  void guard() const {
    if (!deadline_) peer_.unguarded();
  }

  Peer peer_;
  std::size_t most_;
  std::string pending_;
  std::optional<std::chrono::milliseconds> deadline_;
  std::optional<net::TlsFacts> no_tls_;
  bool stopped_ = false;
  bool closed_ = false;
};

}  // namespace homeward::test
