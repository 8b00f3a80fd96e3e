// From error codes of sockets and TLS to our Error, in one place. Everything here is 4yz: trouble of the
// network is never permanent (product.md 3).
#pragma once

#include <boost/system/error_code.hpp>
#include <string_view>

#include "proxy/base/error.hpp"

namespace homeward::net {

/// 451 4.4.2, or 4.4.1 while connecting; `what` is what was being done ("connecting to mail.example port
/// 465").
Error network_error(std::string_view what, const boost::system::error_code& code);
Error timeout_error(std::string_view what);
Error canceled_error();
Error closed_error(std::string_view what);

}  // namespace homeward::net
