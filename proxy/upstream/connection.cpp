#include "proxy/upstream/connection.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "proxy/net/faults.hpp"

namespace homeward::upstream {
namespace {

constexpr std::chrono::milliseconds kQuitTime{3000};
constexpr std::chrono::milliseconds kCatchUpTime{10'000};
constexpr std::chrono::milliseconds kTakenTime{120'000};  // to acknowledge what was sent
constexpr std::chrono::milliseconds kUnaskedTime{1000};   // it is on its way already
constexpr std::chrono::milliseconds kLastWordTime{1000};  // it is here, or never comes

}  // namespace

Connection::Connection(std::unique_ptr<net::Stream> stream, Endpoint endpoint,
                       std::chrono::milliseconds reply_timeout, smtp::Capabilities capabilities)
    : stream_(std::move(stream)),
      endpoint_(std::move(endpoint)),
      reply_timeout_(reply_timeout),
      capabilities_(std::move(capabilities)) {}

net::Task<void> Connection::send(std::string_view commands, unsigned replies) {
  owed_ += replies;
  co_return co_await write(commands);
}

net::Task<void> Connection::write(std::string_view bytes) {
  if (!usable_ || last_word_only_)
    co_return std::unexpected(broken(net::closed_error("sending to " + endpoint_.host)));
  stream_->expires_after(reply_timeout_);
  auto sent = co_await stream_->write(bytes);
  stream_->expires_never();
  if (sent || (sent.error().fault == Fault::network && co_await has_last_word())) co_return Result<void>{};
  co_return std::unexpected(broken(std::move(sent.error())));
}

/// A server that refuses a content while it comes (too large, say) closes, and what we still send is reset:
/// its refusal has arrived before.
net::asio::awaitable<bool> Connection::has_last_word() {
  // Of a command nothing is decided before it was sent: then another connection may say it.
  while (phase_ == Phase::content && owed_ > 0) {
    auto reply = co_await read_reply(kLastWordTime);
    if (!reply) co_return false;
    if (reply->code < 400) continue;  // to what came before; what could not be sent is not accepted
    ++owed_;                          // by who waits for it
    last_word_ = std::move(*reply);
    last_word_only_ = true;
    co_return true;
  }
  co_return false;
}

net::Task<smtp::Reply> Connection::read_reply(std::optional<std::chrono::milliseconds> timeout) {
  if (!usable_) co_return std::unexpected(net::closed_error("reading from " + endpoint_.host));
  if (last_word_) {
    heard();
    co_return *std::exchange(last_word_, std::nullopt);
  }
  stream_->expires_after(timeout.value_or(reply_timeout_));
  std::array<char, 2048> bytes{};
  while (true) {
    auto reply = parser_.next();
    if (!reply) co_return std::unexpected(broken(std::move(reply.error())));
    if (*reply) {
      stream_->expires_never();
      heard();
      if ((*reply)->code == 421) {
        co_return std::unexpected(
            broken(make_error(Fault::refused, 451, {4, 4, 2},
                              fmt::format("the server closed the connection: 421 {}", (*reply)->text()))));
      }
      co_return std::move(**reply);
    }
    auto count = co_await stream_->read_some(bytes);
    if (count && *count == 0) count = std::unexpected(net::closed_error("waiting for the server's reply"));
    if (!count) co_return std::unexpected(broken(std::move(count.error())));
    parser_.feed({bytes.data(), *count});
  }
}

net::asio::awaitable<std::optional<Error>> Connection::unasked_reply() {
  if (!usable_ || (!last_word_ && parser_.buffered() == 0 && !stream_->has_input())) co_return std::nullopt;
  auto reply = co_await read_reply(kUnaskedTime);
  if (!reply) co_return std::move(reply.error());
  co_return broken(
      make_error(Fault::protocol, 451, {4, 4, 0},
                 fmt::format("the server spoke out of turn: {} {}", reply->code, reply->text())));
}

net::asio::awaitable<void> Connection::catch_up() {
  while (owed_ > 0) {
    const auto reply = co_await read_reply(kCatchUpTime);
    if (!reply) co_return;
    if (reply->is_intermediate()) close();  // it waits for a content that will not come
    if (!usable_) co_return;
  }
}

void Connection::must_answer_within(std::chrono::milliseconds time) {
  probing_ = true;
  stream_->must_be_taken_within(time);
}

void Connection::heard() {
  if (owed_ > 0) --owed_;
  if (!std::exchange(probing_, false)) return;
  stream_->must_be_taken_within(kTakenTime);
}

Error Connection::broken(Error error) {
  close();
  return error;
}

net::asio::awaitable<void> Connection::quit() {
  if (!usable_) co_return;
  reply_timeout_ = kQuitTime;
  // Whatever it answers, we go.
  if (co_await send("QUIT\r\n", 1)) (void)co_await read_reply();
  if (usable_) co_await stream_->shutdown();
  usable_ = false;
}

void Connection::close() noexcept {
  usable_ = false;
  if (stream_) stream_->close();
}

}  // namespace homeward::upstream
