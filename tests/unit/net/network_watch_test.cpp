// What rtnetlink tells, octet by octet: rtnetlink(7).
#include "proxy/net/network_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>

#include "tests/support/catch.hpp"

namespace homeward::net::test {
namespace {

std::string message(std::uint16_t type, std::string payload) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + payload.size());
  std::string bytes(sizeof header, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes += payload;
  bytes.resize(NLMSG_ALIGN(bytes.size()));
  return bytes;
}

std::string link(unsigned flags) {
  ifinfomsg info{};
  info.ifi_flags = flags;
  std::string bytes(sizeof info, '\0');
  std::memcpy(bytes.data(), &info, sizeof info);
  return bytes;
}

}  // namespace

TEST_CASE("net: what came up is told from what went", "[net]") {
  CHECK(tells_of_coming_up(message(RTM_NEWADDR, "")));
  CHECK(tells_of_coming_up(message(RTM_NEWROUTE, "12345")));
  CHECK(tells_of_coming_up(message(RTM_NEWLINK, link(IFF_UP | IFF_RUNNING))));
  CHECK_FALSE(tells_of_coming_up(message(RTM_NEWLINK, link(IFF_UP))));
  CHECK_FALSE(tells_of_coming_up(message(RTM_DELADDR, "")));
  CHECK_FALSE(tells_of_coming_up(message(RTM_DELROUTE, "")));
  CHECK(tells_of_coming_up(message(RTM_DELADDR, "123") + message(RTM_NEWADDR, "")));
}

TEST_CASE("net: a datagram that is no netlink message tells nothing", "[net]") {
  CHECK_FALSE(tells_of_coming_up(""));
  CHECK_FALSE(tells_of_coming_up("short"));
  CHECK_FALSE(tells_of_coming_up(message(RTM_NEWLINK, "x")));
  auto lying = message(RTM_NEWADDR, "");
  lying[0] = 100;  // longer than what came
  CHECK_FALSE(tells_of_coming_up(lying));
  lying[0] = 3;  // shorter than its own header
  CHECK_FALSE(tells_of_coming_up(lying));
}

}  // namespace homeward::net::test
