#include "proxy/delivery/content_channel.hpp"

#include <fmt/format.h>

#include <utility>

namespace homeward::delivery {

using Phase = upstream::Connection::Phase;

ContentChannel::ContentChannel(upstream::Connection& connection)
    : connection_(connection),
      chunks_(goes_in_chunks(connection.capabilities())),
      encoder_(chunks_ ? smtp::Framing::length : smtp::Framing::dots),
      gathered_(kHead, ' ') {}

/// What has gathered, behind the command that says how much it is: `last` is "" or " LAST".
std::string_view ContentChannel::with_command(std::string_view last) {
  std::string_view all = gathered_;
  if (!chunks_) return all.substr(kHead);
  const auto command = fmt::format("BDAT {}{}\r\n", octets(), last);
  gathered_.replace(kHead - command.size(), command.size(), command);
  return all.substr(kHead - command.size());
}

net::Task<std::optional<smtp::Reply>> ContentChannel::add(std::string_view block) {
  encoder_.encode(block, gathered_);
  const bool held_long = std::chrono::steady_clock::now() - last_sent_ > kLongestHold;
  if (octets() < kPiece && !held_long) co_return std::nullopt;
  co_return co_await send_piece();
}

net::Task<std::optional<smtp::Reply>> ContentChannel::send_piece() {
  if (octets() == 0) co_return std::nullopt;
  if (chunks_) {
    auto refused = co_await hear_down_to(kChunksOpen - 1);
    if (!refused || *refused) co_return refused;
    connection_.enter(Phase::content);
  }
  if (auto sent = co_await connection_.send(with_command(""), chunks_ ? 1 : 0); !sent)
    co_return std::unexpected(std::move(sent.error()));
  gathered_.resize(kHead);
  last_sent_ = std::chrono::steady_clock::now();
  co_return std::nullopt;
}

/// Reads what the server says to chunks until only so many are unanswered.
net::Task<std::optional<smtp::Reply>> ContentChannel::hear_down_to(unsigned open) {
  while (connection_.replies_owed() > open) {
    auto reply = co_await connection_.read_reply();
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    if (!reply->is_positive()) co_return std::move(*reply);
  }
  co_return std::nullopt;
}

/// Each chunk has its answer before the last one goes: what is heard then is the verdict and nothing else.
net::Task<std::optional<smtp::Reply>> ContentChannel::settle() {
  if (chunks_) {
    auto refused = co_await hear_down_to(0);
    if (!refused || *refused) co_return refused;
  }
  if (auto unasked = co_await connection_.unasked_reply()) co_return std::unexpected(std::move(*unasked));
  co_return std::nullopt;
}

net::Task<void> ContentChannel::end() {
  encoder_.finish(gathered_);
  connection_.enter(Phase::content);
  co_return co_await connection_.send(with_command(" LAST"), 1);
}

}  // namespace homeward::delivery
