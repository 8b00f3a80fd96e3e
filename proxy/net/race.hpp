// Race: connection attempts that run side by side; the first that connects wins, and all others are closed
// with it. Attempts are no coroutines: whoever lets go of the race leaves nothing behind that runs.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/base/network.hpp"
#include "proxy/net/wakeup.hpp"

namespace homeward::net {

class Race {
 public:
  Race(asio::any_io_executor executor, std::shared_ptr<Wakeup> wakeup, std::uint16_t port);
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;
  ~Race();

  void start(const IpAddress& address);
  /// Why attempts failed, since it was last asked.
  std::vector<boost::system::error_code> take_failures();
  std::optional<asio::ip::tcp::socket> take_winner();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with handlers that are on their way when we go
};

}  // namespace homeward::net
