// Ladder: in which order and when the ports of one server are begun, and which one wins. Event in, actions
// out; no sockets, no clock. ladder_race carries it out. product.md 6 "The ladder".
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

namespace homeward::upstream {

/// Begin this port now.
struct BeginPort {
  std::size_t port;
};
/// Say on_pause() a pause from now; an earlier wish for one is void.
struct AwaitPause {};
/// This port could log in: end all others.
struct PortWon {
  std::size_t port;
};
/// Every port has failed.
struct NoPortLeft {};
using LadderAction = std::variant<BeginPort, AwaitPause, PortWon, NoPortLeft>;
using LadderActions = std::vector<LadderAction>;

class Ladder {
 public:
  /// `ports`: how many, at least one; named 0, 1, … in the order to be begun.
  explicit Ladder(std::size_t ports) : states_(ports, State::waiting) {}

  LadderActions begin() { return begin_next(); }
  /// The pause after the last beginning is over, and nobody has answered.
  LadderActions on_pause();
  /// This port could log in.
  LadderActions on_reached(std::size_t port);
  /// This port failed. It may be the one that won: then the others, which had to end for it, have their turn.
  LadderActions on_failed(std::size_t port);

 private:
  enum class State : std::uint8_t { waiting, begun, won, failed };

  bool is_over() const;
  LadderActions begin_next();

  std::vector<State> states_;
};

}  // namespace homeward::upstream
