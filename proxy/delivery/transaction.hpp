// Transaction: what one delivery mode does with one message, from an accepted MAIL to its end. Made by
// Dispatch, which has routed it already; steps come in order. product.md 3.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proxy/net/task.hpp"
#include "proxy/smtp/look_ahead.hpp"
#include "proxy/smtp/parameters.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::delivery {

/// What became of a message that a client handed over.
enum class Fate : std::uint8_t { delivered, spooled, split, refused };
std::string_view to_string(Fate fate);

struct Outcome {
  smtp::Reply reply;  ///< 250 means that the message is safe
  Fate fate = Fate::refused;
  /// Who has it, at a server that sends no reports: what was asked for them is ours to send. RFC 3461 §5.
  std::vector<smtp::Recipient> relayed = {};
};

class Transaction {
 public:
  virtual ~Transaction() = default;

  /// 250, 4yz or 5yz for this recipient. What is `ahead` is asked for next, in this order.
  virtual net::asio::awaitable<smtp::Reply> rcpt(smtp::Recipient to, smtp::Ahead ahead) = 0;
  /// 354, or a refusal that ends the transaction.
  virtual net::asio::awaitable<smtp::Reply> data() = 0;
  /// A block of content: unstuffed, each line ended by CR LF, cut anywhere. A fault is kept for commit().
  virtual net::asio::awaitable<void> content(std::string_view block) = 0;
  /// The content is whole and good: the verdict.
  virtual net::asio::awaitable<Outcome> commit() = 0;
  /// Nothing of it stays, there or here.
  virtual net::asio::awaitable<void> abort() = 0;
};

}  // namespace homeward::delivery
