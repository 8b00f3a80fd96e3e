#include "proxy/delivery/message_rate.hpp"

#include <utility>

namespace homeward::delivery {

MessageRate::Ticket& MessageRate::Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    release();
    owner_ = std::move(other.owner_);
  }
  return *this;
}

void MessageRate::Ticket::use() {
  const auto owner = std::exchange(owner_, nullptr);
  if (!owner) return;
  --owner->reserved_;
  owner->used_.count(owner->now_());
  owner->changed();
}

void MessageRate::Ticket::release() {
  const auto owner = std::exchange(owner_, nullptr);
  if (!owner) return;
  --owner->reserved_;
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
  return used_.free_at(now, rate.messages - reserved_, rate.per);
}

void MessageRate::changed() {
  if (std::exchange(awaited_, false) && on_change_) on_change_();
}

}  // namespace homeward::delivery
