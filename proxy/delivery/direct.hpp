// Direct: the transaction is relayed while the client waits; upstream's verdicts are the client's. The
// content streams through; nothing is kept. product.md 3, column "direct".
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "proxy/delivery/delivery.hpp"
#include "proxy/delivery/verdict.hpp"
#include "proxy/smtp/dot_codec.hpp"
#include "proxy/upstream/pool.hpp"

namespace homeward::delivery {

/// One transaction, from an accepted MAIL to its end.
struct DirectTransaction {
  mail::Envelope envelope;
  const conf::AccountConfig* account = nullptr;  // inside the session's Config
  smtp::ReversePath sender;                      // as upstream sees it
  std::string trace;                             // our Received field
  std::optional<upstream::PendingLease> pending;
  std::optional<upstream::Lease> lease;
  bool mail_accepted = false;         // upstream took MAIL
  std::optional<smtp::Reply> failed;  // what every further step is told
  smtp::DotEncoder encoder;
  std::uint64_t octets = 0;
  std::chrono::steady_clock::time_point began;
};

class Direct final : public Delivery {
 public:
  /// `pool` outlives it; `config` is the session's.
  Direct(upstream::Pool& pool, std::shared_ptr<const conf::Config> config);

  net::asio::awaitable<smtp::Reply> mail(mail::Envelope envelope) override;
  net::asio::awaitable<smtp::Reply> rcpt(smtp::Recipient to) override;
  net::asio::awaitable<smtp::Reply> data() override;
  net::asio::awaitable<void> content(std::string_view block) override;
  net::asio::awaitable<smtp::Reply> commit() override;
  net::asio::awaitable<void> abort() override;

 private:
  using Transaction = DirectTransaction;

  net::asio::awaitable<std::optional<smtp::Reply>> ready_lease(Transaction& transaction);
  net::asio::awaitable<smtp::Reply> ask_upstream(Transaction& transaction, const smtp::Recipient& to);
  net::asio::awaitable<smtp::Reply> first_rcpt(Transaction& transaction, const smtp::Recipient& to);
  net::asio::awaitable<smtp::Reply> next_rcpt(Transaction& transaction, const smtp::Recipient& to);
  net::asio::awaitable<void> send_content(Transaction& transaction, std::string_view block);
  std::optional<smtp::Reply> unfit(const Transaction& transaction, std::string_view block) const;
  net::asio::awaitable<smtp::Reply> end_content(Transaction& transaction);
  smtp::Reply fail(Transaction& transaction, smtp::Reply reply);
  smtp::Reply out_of_step(Transaction& transaction, std::string_view command, const smtp::Reply& reply);
  std::optional<smtp::Reply> too_large_for_server(const Transaction& transaction) const;
  Upstream upstream_of(const Transaction& transaction) const;
  void finish(const smtp::Reply& verdict);
  void drop_upstream(Transaction& transaction);

  upstream::Pool& pool_;
  std::shared_ptr<const conf::Config> config_;
  std::optional<Transaction> transaction_;
  bool in_content_ = false;
};

}  // namespace homeward::delivery
