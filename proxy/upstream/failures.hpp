// What came of an opening where no server could be reached: the causes of all ports in one error. Pure.
#pragma once

#include <string>
#include <vector>

#include "proxy/base/error.hpp"
#include "proxy/upstream/endpoint.hpp"

namespace homeward::upstream {

/// Why a port did not get as far as a login that worked.
struct PortFailure {
  Endpoint endpoint;
  Error error;
};

/// "home (mail.example): port 465: no answer in time; ports 587, 2525: Connection refused", at least one.
/// What a person must know of comes first: TLS faults. 451 4.7.5 where there is any, 4.4.3 where the name was
/// not found, else 4.4.1.
Error gathered(const std::string& account, const std::vector<PortFailure>& failures);

}  // namespace homeward::upstream
