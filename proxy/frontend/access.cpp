#include "proxy/frontend/access.hpp"

#include <fmt/format.h>

namespace homeward::frontend {

Access::Access() : self_(std::make_shared<Access*>(this)) {}

Access::~Access() {
  *self_ = nullptr;
}

Access::Ticket::~Ticket() {
  if (access_ && *access_ != nullptr) (*access_)->leave(client_);
}

Result<Access::Ticket> Access::admit(const conf::Config& config, const conf::Listener& listener,
                                     const IpAddress& client) {
  if (!any_contains(listener.allow, client)) {
    return std::unexpected(
        make_error(Fault::client, 554, {5, 7, 1},
                   fmt::format("{} may not use this server: its network is not in `allow` of "
                               "listener {}",
                               client.to_string(), listener.name)));
  }
  const auto found = per_client_.find(client);
  const auto of_client = found == per_client_.end() ? 0 : found->second;
  if (total_ >= config.max_connections || of_client >= config.max_connections_per_client) {
    return std::unexpected(make_error(Fault::client, 421, {4, 7, 0},
                                      of_client >= config.max_connections_per_client
                                          ? "Too many connections from your address, try again later"
                                          : "Too many connections, try again later"));
  }
  ++total_;
  ++per_client_[client];
  return Ticket(self_, client);
}

void Access::leave(const IpAddress& client) {
  --total_;
  const auto found = per_client_.find(client);
  if (--found->second == 0) per_client_.erase(found);
}

}  // namespace homeward::frontend
