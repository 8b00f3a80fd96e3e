// What Config's plain values can say of themselves.
#include "conf/config.hpp"

#include <fmt/format.h>

namespace homeward::conf {

std::string SocketAddress::to_string() const {
  return address.is_v4() ? fmt::format("{}:{}", address.to_string(), port)
                         : fmt::format("[{}]:{}", address.to_string(), port);
}

}  // namespace homeward::conf
