// Direct: the transaction is relayed while the client waits; upstream's verdicts are the client's. The
// content streams through; nothing is kept. product.md 3, column "direct".
#pragma once

#include "proxy/delivery/services.hpp"
#include "proxy/delivery/submission.hpp"
#include "proxy/delivery/transaction.hpp"

namespace homeward::delivery {

class Direct final : public Transaction {
 public:
  Direct(Services& services, SubmissionOrder order, MessageRate::Ticket ticket)
      : repairs_(services.repairs), submission_(services, std::move(order), std::move(ticket)) {}

  net::asio::awaitable<smtp::Reply> rcpt(smtp::Recipient to, smtp::Ahead ahead) override;
  net::asio::awaitable<smtp::Reply> data() override;
  net::asio::awaitable<void> content(std::string_view block) override;
  net::asio::awaitable<Outcome> commit() override;
  net::asio::awaitable<void> abort() override;

 private:
  /// The client's part of `word`: a 5yz that the catalogue knows to pass is a 4yz to it.
  smtp::Reply told(Word word) const;

  SenderRepairs& repairs_;
  Submission submission_;
  std::vector<smtp::Recipient> accepted_;
};

}  // namespace homeward::delivery
