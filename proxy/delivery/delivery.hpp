// Delivery: what happens to one client's messages, step by step, whatever the mode. The session asks, the
// delivery answers with what the client is to be told. One transaction at a time; steps come in order.
#pragma once

#include <memory>
#include <string_view>

#include "proxy/mail/envelope.hpp"
#include "proxy/net/task.hpp"
#include "proxy/smtp/look_ahead.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::delivery {

class Delivery {
 public:
  virtual ~Delivery() = default;

  /// A transaction begins: route, local checks. 250, or a refusal after which there is no transaction.
  virtual net::asio::awaitable<smtp::Reply> mail(mail::Envelope envelope) = 0;
  /// 250, 4yz or 5yz for this recipient. `ahead`: what the client has sent behind it already, exact: it may
  /// travel upstream with it.
  virtual net::asio::awaitable<smtp::Reply> rcpt(smtp::Recipient to, smtp::Ahead ahead) = 0;
  /// 354, or a refusal that ends the transaction.
  virtual net::asio::awaitable<smtp::Reply> data() = 0;
  /// A block of content: unstuffed, each line ended by CR LF, cut anywhere. Returns when the next may be
  /// read. A fault on the way is kept for commit().
  virtual net::asio::awaitable<void> content(std::string_view block) = 0;
  /// The content is whole and good: the verdict. 250 means that the message is safe.
  virtual net::asio::awaitable<smtp::Reply> commit() = 0;
  /// The transaction ends without a message: nothing of it stays, there or here. Also without one.
  virtual net::asio::awaitable<void> abort() = 0;
};

}  // namespace homeward::delivery
