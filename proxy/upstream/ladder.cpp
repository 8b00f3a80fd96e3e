#include "proxy/upstream/ladder.hpp"

#include <algorithm>

namespace homeward::upstream {

LadderActions Ladder::on_pause() {
  return is_over() ? LadderActions{} : begin_next();
}

LadderActions Ladder::on_reached(std::size_t port) {
  if (is_over() || states_[port] != State::begun) return {};
  std::ranges::replace(states_, State::begun, State::waiting);
  states_[port] = State::won;
  return {PortWon{port}};
}

LadderActions Ladder::on_failed(std::size_t port) {
  if (states_[port] != State::begun && states_[port] != State::won) return {};
  states_[port] = State::failed;
  if (std::ranges::all_of(states_, [](State state) { return state == State::failed; })) return {NoPortLeft{}};
  return is_over() ? LadderActions{} : begin_next();
}

bool Ladder::is_over() const {
  return std::ranges::find(states_, State::won) != states_.end();
}

LadderActions Ladder::begin_next() {
  const auto next = std::ranges::find(states_, State::waiting);
  if (next == states_.end()) return {};
  *next = State::begun;
  LadderActions actions{BeginPort{static_cast<std::size_t>(next - states_.begin())}};
  if (std::ranges::find(states_, State::waiting) != states_.end()) actions.emplace_back(AwaitPause{});
  return actions;
}

}  // namespace homeward::upstream
