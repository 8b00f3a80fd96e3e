#include "proxy/delivery/content_channel.hpp"

#include <fmt/format.h>

#include <utility>

namespace homeward::delivery {

using Phase = upstream::Connection::Phase;

ContentChannel::ContentChannel(upstream::Connection& connection)
    : connection_(connection),
      chunks_(goes_in_chunks(connection.capabilities())),
      encoder_(chunks_ ? smtp::Framing::length : smtp::Framing::dots) {}

net::Task<std::optional<smtp::Reply>> ContentChannel::add(std::string_view block) {
  encoder_.encode(block, gathered_);
  const bool held_long = std::chrono::steady_clock::now() - last_sent_ > kLongestHold;
  if (gathered_.size() < kPiece && !held_long) co_return std::nullopt;
  co_return co_await send_piece();
}

net::Task<std::optional<smtp::Reply>> ContentChannel::send_piece() {
  if (gathered_.empty()) co_return std::nullopt;
  if (!chunks_) {
    if (auto sent = co_await connection_.write(gathered_); !sent)
      co_return std::unexpected(std::move(sent.error()));
  } else {
    auto refused = co_await hear_down_to(kChunksOpen - 1);
    if (!refused || *refused) co_return refused;
    connection_.enter(Phase::content);
    const auto chunk = fmt::format("BDAT {}\r\n{}", gathered_.size(), gathered_);
    if (auto sent = co_await connection_.send(chunk, 1); !sent)
      co_return std::unexpected(std::move(sent.error()));
  }
  gathered_.clear();
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
  const auto last =
      chunks_ ? fmt::format("BDAT {} LAST\r\n{}", gathered_.size(), gathered_) : std::move(gathered_);
  co_return co_await connection_.send(last, 1);
}

}  // namespace homeward::delivery
