#include "proxy/upstream/endpoint.hpp"

namespace homeward::upstream {

std::vector<Endpoint> endpoints_of(const std::vector<conf::Server>& servers) {
  std::vector<Endpoint> endpoints;
  for (const auto& server : servers) {
    switch (server.form) {
      case conf::Server::Form::smtps:
        endpoints.push_back({server.host, server.port, Security::implicit_tls});
        break;
      case conf::Server::Form::submission:
        endpoints.push_back({server.host, server.port, Security::start_tls});
        break;
      case conf::Server::Form::ladder:
        endpoints.push_back({server.host, 465, Security::implicit_tls});
        endpoints.push_back({server.host, 587, Security::start_tls});
        endpoints.push_back({server.host, 2525, Security::start_tls});
        break;
    }
  }
  return endpoints;
}

}  // namespace homeward::upstream
