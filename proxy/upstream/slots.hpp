// Slots: how many connections an account may have at once; who finds none waits in a fair queue.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <optional>

#include "proxy/net/task.hpp"

namespace homeward::upstream {

class Slots : public std::enable_shared_from_this<Slots> {
 public:
  /// The right to one connection; goes to the next in the queue when it is dropped.
  class Slot {
   public:
    Slot() = default;
    explicit Slot(std::shared_ptr<Slots> owner) : owner_(std::move(owner)) {}
    Slot(Slot&&) noexcept = default;
    Slot& operator=(Slot&& other) noexcept;
    ~Slot() { release(); }
    bool is_held() const { return owner_ != nullptr; }

   private:
    void release();
    std::shared_ptr<Slots> owner_;  // shared: a slot may outlive the pool's entry after a reload
  };

  /// A place in the queue, for whoever may want to leave it. Outlives take().
  class Place {
   public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    /// Ends the waiting; without effect where it is over.
    void leave();

   private:
    friend class Slots;
    net::asio::steady_timer* waiting_ = nullptr;  // of take(), while it waits
    bool left_ = false;
  };

  explicit Slots(net::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Takes a slot of `limit`, waiting up to `patience`. Errors: timeout 451 4.4.1; canceled, where `place`
  /// was left.
  net::Task<Slot> take(unsigned limit, std::chrono::milliseconds patience, Place* place = nullptr);
  /// A slot of `limit` where one is free and nobody waits for it.
  std::optional<Slot> take_now(unsigned limit);
  unsigned in_use() const { return in_use_; }

 private:
  /// One frame of take(), in the queue until it is granted a slot or goes: also where it is destroyed with
  /// its event loop, never to be resumed.
  struct Waiter {
    Waiter(const net::asio::any_io_executor& executor, std::list<Waiter*>& waiting, Place* asked);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();
    net::asio::steady_timer timer;
    std::list<Waiter*>& queue;
    std::list<Waiter*>::iterator place;
    Place* caller;  // outlives this frame; may be null
    bool granted = false;
  };
  void give_back();

  net::asio::any_io_executor executor_;
  unsigned in_use_ = 0;
  std::list<Waiter*> queue_;
};

}  // namespace homeward::upstream
