#include "proxy/base/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace homeward {

std::string to_string(EnhancedCode code) {
  return fmt::format("{}.{}.{}", code.status, code.subject, code.detail);
}

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::network:
      return "network";
    case Fault::timeout:
      return "timeout";
    case Fault::dns:
      return "dns";
    case Fault::tls:
      return "tls";
    case Fault::protocol:
      return "protocol";
    case Fault::login:
      return "login";
    case Fault::refused:
      return "refused";
    case Fault::client:
      return "client";
    case Fault::local:
      return "local";
    case Fault::canceled:
      return "canceled";
  }
  return "unknown";
}

Error make_error(Fault fault, int code, EnhancedCode enhanced, std::string text) {
  return Error{fault, StatusReply{code, enhanced, std::move(text)}, {}};
}

}  // namespace homeward
