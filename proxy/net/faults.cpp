#include "proxy/net/faults.hpp"

#include <fmt/format.h>

#include <boost/asio/error.hpp>

namespace homeward::net {

Error network_error(std::string_view what, const boost::system::error_code& code) {
  if (code == boost::asio::error::operation_aborted) return canceled_error();
  auto error = make_error(Fault::network, 451, {4, 4, 2}, fmt::format("{}: {}", what, code.message()));
  error.detail = fmt::format("{} ({} {})", error.reply.text, code.category().name(), code.value());
  return error;
}

Error timeout_error(std::string_view what) {
  return make_error(Fault::timeout, 451, {4, 4, 2}, fmt::format("{}: no answer in time", what));
}

Error canceled_error() {
  return make_error(Fault::canceled, 451, {4, 3, 2}, "stopped");
}

Error closed_error(std::string_view what) {
  return make_error(Fault::network, 451, {4, 4, 2}, fmt::format("{}: the connection was closed", what));
}

}  // namespace homeward::net
