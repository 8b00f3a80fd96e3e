// HomeServer: the three ports of the provider in the box, served on a thread of its own. Never bound beyond
// loopback: it relays for a whole network without a login.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "proxy/app/sandbox/home.hpp"
#include "proxy/base/network.hpp"
#include "proxy/base/result.hpp"

namespace homeward::app::sandbox {

struct HomePorts {
  std::uint16_t relay = 0;  ///< 0, when asked for: any free one
  std::uint16_t submission = 0;
  std::uint16_t submissions = 0;
};

struct HomeServerSettings {
  IpAddress address = IpAddress::from_v4({127, 0, 0, 1});
  HomePorts ports;
  std::filesystem::path maildir;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

class HomeServer {
 public:
  /// Sessions at once; more are answered 421.
  static constexpr std::size_t kMaxSessions = 800;

  /// Serves when it returns. Cyrus SASL's server side must have been started. Error: local, where the address
  /// is not loopback, a port is taken, a file can't be read.
  static Result<std::unique_ptr<HomeServer>> start(Home home, HomeServerSettings settings);
  HomeServer(const HomeServer&) = delete;
  HomeServer& operator=(const HomeServer&) = delete;
  /// Ends all sessions.
  ~HomeServer();

  const HomePorts& ports() const;

 private:
  struct State;
  explicit HomeServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace homeward::app::sandbox
