// Hybrid: the transaction is relayed while the client waits, with the content kept; where upstream gives no
// verdict in time it turns to the spool. For `spool` it begins turned. product.md 3, column "auto".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/delivery/services.hpp"
#include "proxy/delivery/submission.hpp"
#include "proxy/delivery/transaction.hpp"
#include "proxy/net/pending.hpp"

namespace homeward::delivery {

class Hybrid final : public Transaction {
 public:
  /// Begins turned.
  Hybrid(Services& services, SubmissionOrder order);
  /// Begins live.
  Hybrid(Services& services, SubmissionOrder order, MessageRate::Ticket ticket);

  net::asio::awaitable<smtp::Reply> rcpt(smtp::Recipient to, smtp::Ahead ahead) override;
  net::asio::awaitable<smtp::Reply> data() override;
  net::asio::awaitable<void> content(std::string_view block) override;
  net::asio::awaitable<Outcome> commit() override;
  net::asio::awaitable<void> abort() override;

 private:
  /// An accepted recipient; live ones have upstream's 250.
  struct Accepted {
    smtp::Recipient to;
    bool live = false;
    std::optional<smtp::Reply> last;  // why it waits, where it does
  };

  smtp::Reply keep(smtp::Recipient to, const std::optional<Word>& word);
  std::optional<smtp::Reply> no_room(const std::optional<Word>& word) const;
  void turn(const Word& word);
  void drop();
  bool has(bool live) const;

  net::asio::awaitable<Outcome> commit_live();
  net::asio::awaitable<std::optional<Outcome>> store_waiting();
  net::asio::awaitable<std::optional<Word>> last_word();
  net::asio::awaitable<bool> may_send_again(const Word& refusal);
  net::asio::awaitable<bool> offer_again(Submission& again);
  net::asio::awaitable<std::optional<Word>> await_verdict();
  net::asio::awaitable<Outcome> settle(const Word& word);
  net::asio::awaitable<Outcome> delivered(const Word& word);
  net::asio::awaitable<Outcome> refused(const Word& word);
  net::asio::awaitable<Outcome> hand_over();
  net::asio::awaitable<Outcome> spool_all(spool::State state, std::string cause);

  spool::Entry entry(spool::State state) const;
  std::vector<spool::Recipient> recipients(
      spool::Recipient::Status live = spool::Recipient::Status::waiting) const;
  net::Task<void> store(spool::State state, std::string cause);
  net::Task<void> advance(spool::State state);
  Outcome not_stored(const Error& error) const;

  Services& services_;
  SubmissionOrder order_;
  std::shared_ptr<Submission> submission_;  // shared with a wait for its verdict; none: turned
  std::optional<net::Pending<Word>> verdict_;
  spool::Draft draft_;
  std::optional<Error> draft_failed_;
  std::optional<smtp::Reply> failed_;  // what the last dot is told
  std::vector<Accepted> accepted_;
  std::uint64_t octets_ = 0;
  std::string cause_;    // why it turned
  bool stored_ = false;  // as pending, before the last dot
};

}  // namespace homeward::delivery
