// By what a network is known again. The texts are the kernel's, as /proc/self/net has them.
#include "proxy/upstream/network_name.hpp"

#include <string>

#include "tests/support/catch.hpp"

namespace homeward::upstream::test {
namespace {

const std::string kHead =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   \n";
const std::string kArpHead =
    "IP address       HW type     Flags       HW address            Mask     Device\n";

std::string route(const std::string& interface, const std::string& gateway, int metric = 0,
                  const std::string& flags = "0003", const std::string& destination = "00000000",
                  const std::string& mask = "00000000") {
  return interface + "\t" + destination + "\t" + gateway + "\t" + flags + "\t0\t0\t" +
         std::to_string(metric) + "\t" + mask + "\t0\t0\t0   \n";
}

std::string arp(const std::string& address, const std::string& hardware, const std::string& interface) {
  return address + "      0x1         0x2         " + hardware + "     *        " + interface + "\n";
}

std::string route6(const std::string& gateway, const std::string& metric, const std::string& flags,
                   const std::string& interface) {
  const std::string zeros(32, '0');
  return zeros + " 00 " + zeros + " 00 " + gateway + " " + metric + " 00000003 00000000 " + flags + "     " +
         interface + "\n";
}

const std::string kHome = kHead + route("wlan0", "0101A8C0");  // 192.168.1.1, on a little-endian machine
const std::string kHomeArp = kArpHead + arp("192.168.1.1", "02:fc:00:00:00:05", "wlan0");
const std::string kRouter(32, 'f');

}  // namespace

TEST_CASE("upstream: a network is known again by its gateway and that one's hardware address", "[upstream]") {
  const auto home = network_name_of(kHome, "", kHomeArp);
  CHECK(home.gateways.size() == 16);
  CHECK(home.hardware.size() == 16);
  CHECK(home == network_name_of(kHome, "", kHomeArp));
  // A digest: nothing of where a person was can be read in the file.
  CHECK(home.gateways.find("0101") == std::string::npos);

  const auto hotel = network_name_of(kHome, "", kArpHead + arp("192.168.1.1", "02:fc:00:00:00:99", "wlan0"));
  CHECK(hotel.gateways == home.gateways);
  CHECK(hotel.hardware != home.hardware);
  CHECK(network_name_of(kHead + route("wlan0", "0102A8C0"), "", kHomeArp).gateways != home.gateways);
  CHECK(network_name_of(kHead + route("eth0", "0101A8C0"), "", kHomeArp).gateways != home.gateways);
}

TEST_CASE("upstream: what is not the gateway's changes nothing of a network's name", "[upstream]") {
  const auto home = network_name_of(kHome, "", kHomeArp);
  struct Case {
    const char* what;
    std::string route;
    std::string arp;
  };
  const std::vector<Case> cases = {
      {"other routes", kHome + route("wlan0", "00000000", 0, "0001", "0001A8C0", "00FFFFFF"), kHomeArp},
      {"a default route of lower rank", kHome + route("wwan0", "0100000A", 700), kHomeArp},
      {"the same before it", kHead + route("wwan0", "0100000A", 700) + route("wlan0", "0101A8C0", 600),
       kHomeArp},
      {"a route that rejects", kHead + route("*", "00000000", 0, "0200") + route("wlan0", "0101A8C0", 1),
       kHomeArp},
      {"a half of everything, as VPNs have it",
       kHome + route("tun0", "0100000A", 0, "0003", "00000000", "00000080"), kHomeArp},
      {"other neighbours", kHome, kHomeArp + arp("192.168.1.7", "02:00:00:00:00:07", "wlan0")},
      {"the address on another interface", kHome, kHomeArp + arp("192.168.1.1", "02:00:00:00:00:07", "eth0")},
      {"lines that are none", kHome + "\n\n  \t\nwlan0\tx\n" + std::string(5000, 'z') + "\n",
       kHomeArp + "junk\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(network_name_of(c.route, "", c.arp) == home);
  }
}

TEST_CASE("upstream: a gateway whose hardware address is not known has none", "[upstream]") {
  for (const auto& table :
       {std::string(), kArpHead, kArpHead + arp("192.168.1.1", "00:00:00:00:00:00", "wlan0")}) {
    CHECK(network_name_of(kHome, "", table).hardware == "-");
  }
  const auto nowhere = network_name_of("", "", "");
  CHECK(nowhere.hardware == "-");
  CHECK(nowhere == network_name_of(kHead, "", kHomeArp));
  CHECK(nowhere.gateways != network_name_of(kHome, "", "").gateways);
}

TEST_CASE("upstream: the gateway of IPv6 counts too", "[upstream]") {
  const auto only4 = network_name_of(kHome, "", kHomeArp);
  const auto both = network_name_of(kHome, route6(kRouter, "00000400", "00000003", "wlan0"), kHomeArp);
  CHECK(both.gateways != only4.gateways);
  // The kernel's own "unreachable" route is no gateway.
  CHECK(network_name_of(kHome, route6(std::string(32, '0'), "ffffffff", "00200200", "lo"), kHomeArp) ==
        only4);
  CHECK(network_name_of(kHome,
                        route6(std::string(32, 'e'), "00000800", "00000003", "wwan0") +
                            route6(kRouter, "00000400", "00000003", "wlan0"),
                        kHomeArp) == both);
}

TEST_CASE("upstream: the network that this machine is in has a name", "[upstream]") {
  CHECK(current_network().gateways.size() == 16);
  CHECK(current_network().gateways == current_network().gateways);
}

}  // namespace homeward::upstream::test
