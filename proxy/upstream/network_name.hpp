// NetworkName: by what a network is known again: its default gateways, and the hardware address of the first,
// where the kernel knows it. Read from /proc/self/net; nothing is sent or asked. Only digests are kept, as
// the addresses would tell where a person was. product.md 6 "Memory".
#pragma once

#include <string>
#include <string_view>

namespace homeward::upstream {

struct NetworkName {
  std::string gateways;  ///< 16 hexadecimal digits
  std::string hardware;  ///< 16 more; "-" where the gateway's hardware address is not known (now)

  bool operator==(const NetworkName&) const = default;
};

/// From the texts of route, ipv6_route and arp in /proc/net: of each family the default route with the
/// smallest metric counts. Lines that are none of theirs are left out.
NetworkName network_name_of(std::string_view route, std::string_view ipv6_route, std::string_view arp);
/// Where this machine is now. What can't be read counts as empty.
NetworkName current_network();

}  // namespace homeward::upstream
