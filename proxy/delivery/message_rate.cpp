#include "proxy/delivery/message_rate.hpp"

#include <utility>

namespace homeward::delivery {

MessageRate::Ticket& MessageRate::Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    release();
    owner_ = std::move(other.owner_);
    sent_ = std::exchange(other.sent_, false);
  }
  return *this;
}

void MessageRate::Ticket::sent() {
  if (!owner_) return;
  if (std::exchange(sent_, true)) owner_->used_.count(owner_->now_());  // the first one may have arrived
}

void MessageRate::Ticket::answered() {
  sent_ = true;
  release();
}

void MessageRate::Ticket::release() {
  const auto owner = std::exchange(owner_, nullptr);
  const bool counts = std::exchange(sent_, false);
  if (!owner) return;
  --owner->reserved_;
  if (counts) owner->used_.count(owner->now_());
  owner->changed();
}

std::optional<MessageRate::Ticket> MessageRate::reserve(const conf::Rate& rate) {
  const auto now = now_();
  if (free_at(rate, now) != now) return std::nullopt;
  ++reserved_;
  return Ticket(shared_from_this());
}

/// The reserved places count as if used in the future: a stretch that begins now may hold them all.
std::optional<MessageRate::Time> MessageRate::free_at(const conf::Rate& rate, Time now) {
  if (reserved_ >= rate.messages) {
    awaited_ = true;
    return std::nullopt;
  }
  const auto free = used_.free_at(now, rate.messages - reserved_, rate.per);
  if (free > now && reserved_ > 0) awaited_ = true;  // it is sooner where one of them goes unused
  return free;
}

void MessageRate::changed() {
  if (std::exchange(awaited_, false) && on_change_) on_change_();
}

}  // namespace homeward::delivery
