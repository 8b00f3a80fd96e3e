#include "proxy/upstream/slots.hpp"

#include <fmt/format.h>

#include <utility>

#include "proxy/net/faults.hpp"

namespace homeward::upstream {

Slots::Slot& Slots::Slot::operator=(Slot&& other) noexcept {
  if (this != &other) {
    release();
    owner_ = std::move(other.owner_);
  }
  return *this;
}

void Slots::Slot::release() {
  if (auto owner = std::exchange(owner_, nullptr)) owner->give_back();
}

void Slots::Place::leave() {
  left_ = true;
  if (waiting_ != nullptr) waiting_->cancel();
}

std::optional<Slots::Slot> Slots::take_now(unsigned limit) {
  if (in_use_ >= limit || !queue_.empty()) return std::nullopt;
  ++in_use_;
  return Slot(shared_from_this());
}

net::Task<Slots::Slot> Slots::take(unsigned limit, std::chrono::milliseconds patience, Place* place) {
  const auto self = shared_from_this();
  if (place != nullptr && place->left_) co_return std::unexpected(net::canceled_error());
  if (auto slot = take_now(limit)) co_return std::move(*slot);
  Waiter waiter(executor_, queue_, place);
  waiter.timer.expires_after(patience);
  (void)co_await waiter.timer.async_wait(net::kNoThrow);
  if (waiter.granted) co_return Slot(self);
  if (place != nullptr && place->left_) co_return std::unexpected(net::canceled_error());
  if ((co_await net::asio::this_coro::cancellation_state).cancelled() != net::asio::cancellation_type::none) {
    co_return std::unexpected(net::canceled_error());
  }
  co_return std::unexpected(make_error(Fault::timeout, 451, {4, 4, 1},
                                       fmt::format("all {} connections of this account stayed busy", limit)));
}

Slots::Waiter::Waiter(const net::asio::any_io_executor& executor, std::list<Waiter*>& waiting, Place* asked)
    : timer(executor), queue(waiting), place(waiting.insert(waiting.end(), this)), caller(asked) {
  if (caller != nullptr) caller->waiting_ = &timer;
}

Slots::Waiter::~Waiter() {
  if (caller != nullptr) caller->waiting_ = nullptr;
  if (!granted) queue.erase(place);
}

void Slots::give_back() {
  if (queue_.empty()) {
    --in_use_;
    return;
  }
  auto* next = queue_.front();
  queue_.pop_front();
  next->granted = true;
  next->timer.cancel();
}

}  // namespace homeward::upstream
