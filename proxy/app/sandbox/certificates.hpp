// A throwaway certification authority and one server certificate signed by it. The authority's key is never
// written anywhere and goes with this process: nobody can sign anything else with it. RFC 5280.
#pragma once

#include <span>
#include <string>

#include "proxy/base/result.hpp"

namespace homeward::app::sandbox {

/// All in PEM.
struct Certificates {
  std::string authority;
  std::string server;
  std::string server_key;
};

/// Good for 30 days, for these DNS names and the addresses 127.0.0.1 and ::1. Error: local.
Result<Certificates> make_certificates(std::span<const std::string> names);

}  // namespace homeward::app::sandbox
