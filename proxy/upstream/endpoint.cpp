#include "proxy/upstream/endpoint.hpp"

#include <algorithm>

namespace homeward::upstream {

std::vector<Endpoint> endpoints_of(const conf::Server& server, std::optional<std::uint16_t> first) {
  switch (server.form) {
    case conf::Server::Form::smtps:
      return {{server.host, server.port, Security::implicit_tls}};
    case conf::Server::Form::submission:
      return {{server.host, server.port, Security::start_tls}};
    case conf::Server::Form::ladder:
      break;
  }
  std::vector<Endpoint> ports{{server.host, 465, Security::implicit_tls},
                              {server.host, 587, Security::start_tls},
                              {server.host, 2525, Security::start_tls}};
  const auto found =
      std::ranges::find_if(ports, [first](const Endpoint& port) { return port.port == first; });
  if (found != ports.end()) std::rotate(ports.begin(), found, found + 1);
  return ports;
}

}  // namespace homeward::upstream
