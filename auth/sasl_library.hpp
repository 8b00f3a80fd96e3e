// Cyrus SASL, started once and ended once, by main. RFC 4422.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/base/result.hpp"

namespace homeward::auth {

/// RAII around sasl_client_init, and sasl_server_init where a server side is wanted. At most one lives.
class SaslLibrary {
 public:
  enum class Sides { client, client_and_server };
  /// Ends the use of DNS by the C library's own resolver (getaddrinfo) in this process; see the source for
  /// why. Error: 451 4.7.0, with the library's word in `detail`.
  static Result<std::unique_ptr<SaslLibrary>> start(Sides sides);
  SaslLibrary(const SaslLibrary&) = delete;
  SaslLibrary& operator=(const SaslLibrary&) = delete;
  ~SaslLibrary();

  /// The client mechanisms that the installed plug-ins can do, upper case.
  std::vector<std::string> client_mechanisms() const;

 private:
  explicit SaslLibrary(Sides sides) : sides_(sides) {}
  Sides sides_;
};

}  // namespace homeward::auth
