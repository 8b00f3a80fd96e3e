// Endpoints: the hosts, ports and kinds of TLS that one `server` stands for, in the order to be tried. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conf/config.hpp"

namespace homeward::upstream {

enum class Security : std::uint8_t { implicit_tls, start_tls };

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  Security security = Security::implicit_tls;

  bool operator==(const Endpoint&) const = default;
};

/// A bare host becomes 465 (implicit TLS), 587 and 2525 (STARTTLS), RFC 8314 §3.3: of these `first` goes
/// first.
std::vector<Endpoint> endpoints_of(const conf::Server& server,
                                   std::optional<std::uint16_t> first = std::nullopt);

}  // namespace homeward::upstream
