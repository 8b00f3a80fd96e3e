// MessageRate: an account's messages per time, as its server counts them: when MAIL arrives. That is at the
// latest when we have its answer, and until then a place is held, so that a fast line behind a slow one
// brings no more than the rate. One per account; sessions and runner share it. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "conf/config.hpp"
#include "proxy/delivery/window_limit.hpp"

namespace homeward::delivery {

class MessageRate : public std::enable_shared_from_this<MessageRate> {
 public:
  using Time = WindowLimit::Time;

  /// The right to send one message. Empty: there is no limit.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&&) noexcept = default;
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket() { release(); }
    /// MAIL goes out now; once more, where the connection that it went out on before is lost.
    void sent();
    /// The server has answered it: it counts from now on.
    void answered();

   private:
    friend class MessageRate;
    explicit Ticket(std::shared_ptr<MessageRate> owner) : owner_(std::move(owner)) {}
    void release();
    std::shared_ptr<MessageRate> owner_;  // shared with tickets, which may outlive the account
    bool sent_ = false;
  };

  /// `on_change`: who was told to come again may have a time to do so now.
  MessageRate(std::function<Time()> now, std::function<void()> on_change)
      : now_(std::move(now)), on_change_(std::move(on_change)) {}

  /// A place for one message of `rate`; nothing where it has to wait.
  std::optional<Ticket> reserve(const conf::Rate& rate);
  /// When the next place is free, at the earliest now; nothing where that hangs on those who have reserved:
  /// `on_change` is called then.
  std::optional<Time> free_at(const conf::Rate& rate) { return free_at(rate, now_()); }

 private:
  std::optional<Time> free_at(const conf::Rate& rate, Time now);
  void changed();

  std::function<Time()> now_;
  std::function<void()> on_change_;
  WindowLimit used_;
  unsigned reserved_ = 0;
  bool awaited_ = false;
};

}  // namespace homeward::delivery
