// Dispatch: the Delivery of one session. Routes each transaction at MAIL, chooses the mode of its account,
// turns names without a domain into addresses, keeps the account's size and its number of recipients, and
// tells log and trace how it ended. What a mode does stands in direct.hpp and hybrid.hpp.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "proxy/delivery/delivery.hpp"
#include "proxy/delivery/services.hpp"
#include "proxy/delivery/transaction.hpp"
#include "proxy/mail/route.hpp"

namespace homeward::delivery {

class Dispatch final : public Delivery {
 public:
  /// `config` is the session's; `services` outlives it.
  Dispatch(Services& services, std::shared_ptr<const conf::Config> config);
  ~Dispatch() override;

  net::asio::awaitable<smtp::Reply> mail(mail::Envelope envelope) override;
  net::asio::awaitable<smtp::Reply> rcpt(smtp::Recipient to, smtp::Ahead ahead) override;
  net::asio::awaitable<smtp::Reply> data() override;
  net::asio::awaitable<void> content(std::string_view block) override;
  net::asio::awaitable<smtp::Reply> commit() override;
  net::asio::awaitable<void> abort() override;

 private:
  struct Running;  // one transaction
  std::unique_ptr<Transaction> begin(const mail::Envelope& envelope, const conf::AccountConfig& account);
  std::optional<smtp::Reply> no_room(const mail::Envelope& envelope,
                                     const conf::AccountConfig& account) const;
  smtp::Ahead as_asked_for(const smtp::Ahead& ahead) const;
  bool has_room_for(std::size_t count) const;
  void report_success(const Running& running, const Outcome& outcome);
  void tell(const Running& running, const Outcome& outcome);

  Services& services_;
  std::shared_ptr<const conf::Config> config_;
  std::unique_ptr<Running> running_;
};

/// The account that `query` is for under `config`, or the refusal: 550 5.7.1 with the cure.
Result<const conf::AccountConfig*> account_for(const conf::Config& config, const mail::RouteQuery& query);

}  // namespace homeward::delivery
