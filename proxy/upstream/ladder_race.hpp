// LadderRace: the ports of one server raced to the point where a login can begin; carries out what Ladder
// says. Each racer is a coroutine of its own that owns what it uses, and all of them have ended before next()
// returns: none outlives it. Called by Opener.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "proxy/upstream/connection.hpp"
#include "proxy/upstream/failures.hpp"
#include "proxy/upstream/ladder.hpp"

namespace homeward::upstream {

class LadderRace {
 public:
  static constexpr std::chrono::milliseconds kPause{1000};

  /// `ports`: at least one, in the order to be begun; `common`: the rest of each port's request.
  LadderRace(ConnectionServices& services, OpenRequest common, std::vector<Endpoint> ports,
             std::chrono::milliseconds pause = kPause);
  LadderRace(const LadderRace&) = delete;
  LadderRace& operator=(const LadderRace&) = delete;

  /// The first connection that could log in; null where no port is left: then failures() tells why. Called
  /// again after what it gave has failed. Error: canceled.
  net::Task<std::unique_ptr<Connection>> next();
  /// What next() gave last failed behind that point.
  void fail_winner(Error error);
  const std::vector<PortFailure>& failures() const { return failures_; }

 private:
  struct State;

  void carry_out(const LadderActions& actions);
  void begin_port(std::size_t port);
  void take_events();
  void stop_racers();
  void note_failure(std::size_t port, Error error);

  ConnectionServices& services_;
  OpenRequest common_;
  std::vector<Endpoint> ports_;
  std::chrono::milliseconds pause_;
  Ladder ladder_;
  std::shared_ptr<State> state_;  // shared with the racers' last handlers
  std::vector<PortFailure> failures_;
  std::chrono::steady_clock::time_point pause_end_ = std::chrono::steady_clock::time_point::max();
  std::size_t winner_ = 0;
  std::unique_ptr<Connection> won_;
  bool is_over_ = false;
  bool has_begun_ = false;
  bool winner_failed_ = false;
};

}  // namespace homeward::upstream
