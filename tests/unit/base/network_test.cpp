// Addresses and networks: who may connect hangs on them, so a text that is nearly right is refused.
#include "proxy/base/network.hpp"

#include "tests/support/catch.hpp"

namespace homeward {
namespace {

using std::string_view_literals::operator""sv;

TEST_CASE("network: an address is read in all its forms and written in one") {
  struct Case {
    std::string_view text;
    std::string_view written;
    bool v4;
  };
  const auto c =
      GENERATE(Case{"127.0.0.1", "127.0.0.1", true}, Case{"255.255.255.255", "255.255.255.255", true},
               Case{"::1", "::1", false}, Case{"2001:DB8::0007", "2001:db8::7", false},
               Case{"::ffff:192.0.2.1", "192.0.2.1", true}, Case{"::FFFF:c000:0201", "192.0.2.1", true},
               Case{"::fffe:192.0.2.1", "::fffe:c000:201", false}, Case{"::", "::", false},
               Case{"0.0.0.0", "0.0.0.0", true});
  CAPTURE(c.text);
  const auto address = IpAddress::parse(c.text);
  REQUIRE(address);
  CHECK(address->to_string() == c.written);
  CHECK(address->is_v4() == c.v4);
}

TEST_CASE("network: a text that is not exactly one address is refused") {
  const auto text =
      GENERATE(""sv, "1.2.3"sv, "1.2.3.4.5"sv, "1.2.3.256"sv, "01.2.3.4"sv, "1.2.3.4 "sv, " 1.2.3.4"sv,
               "1.2.3.4/32"sv, "0x7f.0.0.1"sv, "127.1"sv, ":::"sv, "1::2::3"sv, "fe80::1%eth0"sv, "[::1]"sv,
               "localhost"sv, "127.0.0.1\0.evil"sv, "::1\0"sv, "12345::"sv);
  CAPTURE(text);
  CHECK_FALSE(IpAddress::parse(text));
}

TEST_CASE("network: loopback and unspecified addresses are known") {
  const auto loopback = [](std::string_view text) { return IpAddress::parse(text).value().is_loopback(); };
  CHECK(loopback("127.0.0.1"));
  CHECK(loopback("127.255.0.9"));
  CHECK(loopback("::1"));
  CHECK(loopback("::ffff:127.0.0.1"));
  CHECK_FALSE(loopback("128.0.0.1"));
  CHECK_FALSE(loopback("::2"));
  CHECK_FALSE(loopback("::"));
  CHECK_FALSE(loopback("1::1"));
  CHECK_FALSE(loopback("0.0.0.1"));
  CHECK(IpAddress::parse("0.0.0.0").value().is_unspecified());
  CHECK(IpAddress::parse("::").value().is_unspecified());
  CHECK_FALSE(IpAddress::parse("::1").value().is_unspecified());
}

TEST_CASE("network: it contains the addresses below its mask, of its own family") {
  struct Case {
    std::string_view network;
    std::string_view address;
    bool contains;
  };
  const auto c = GENERATE(
      Case{"10.0.0.0/8", "10.255.1.2", true}, Case{"10.0.0.0/8", "11.0.0.0", false},
      Case{"10.0.0.128/25", "10.0.0.128", true}, Case{"10.0.0.128/25", "10.0.0.127", false},
      Case{"10.0.0.7", "10.0.0.7", true}, Case{"10.0.0.7", "10.0.0.6", false},
      Case{"10.0.0.7/32", "10.0.0.7", true}, Case{"0.0.0.0/0", "192.0.2.1", true},
      Case{"0.0.0.0/0", "::1", false}, Case{"::/0", "2001:db8::1", true}, Case{"::/0", "192.0.2.1", false},
      Case{"2001:db8::/33", "2001:db8:7fff::1", true}, Case{"2001:db8::/33", "2001:db8:8000::1", false},
      Case{"::1", "::1", true}, Case{"::1/128", "::2", false}, Case{"10.0.0.0/8", "::ffff:10.1.2.3", true},
      Case{"::ffff:10.0.0.0/104", "10.1.2.3", true}, Case{"::ffff:10.0.0.0/104", "11.1.2.3", false},
      Case{"::ffff:0:0/96", "192.0.2.1", true});
  CAPTURE(c.network, c.address);
  const auto network = Network::parse(c.network);
  REQUIRE(network);
  CHECK(network->contains(IpAddress::parse(c.address).value()) == c.contains);
  CHECK(any_contains({*network}, IpAddress::parse(c.address).value()) == c.contains);
}

TEST_CASE("network: a text that may hide a slip is refused") {
  const auto text = GENERATE("10.0.0.1/8"sv, "10.0.0.0/33"sv, "10.0.0.0/"sv, "10.0.0.0/-1"sv, "10.0.0.0/+8"sv,
                             "10.0.0.0/8 "sv, "10.0.0.0/8/8"sv, "10.0.0.0/255.0.0.0"sv, "2001:db8::1/64"sv,
                             "::/129"sv, "/8"sv, "10.0.0.0/99999999999"sv,
                             // The bits of an IPv6 text are counted in 128, mapped or not.
                             "::ffff:10.0.0.0/8"sv, "::ffff:10.0.0.0/24"sv, "::ffff:10.0.0.0/95"sv);
  CAPTURE(text);
  CHECK_FALSE(Network::parse(text));
}

TEST_CASE("network: it is written as people write it") {
  const auto written = [](std::string_view text) { return Network::parse(text).value().to_string(); };
  CHECK(written("10.0.0.0/8") == "10.0.0.0/8");
  CHECK(written("10.0.0.7/32") == "10.0.0.7");
  CHECK(written("2001:DB8::/32") == "2001:db8::/32");
  CHECK(written("::1/128") == "::1");
  CHECK(written("::ffff:10.0.0.0/104") == "10.0.0.0/8");
  CHECK(written("0.0.0.0/0") == "0.0.0.0/0");
}

TEST_CASE("network: loopback and everything are told from the rest") {
  const auto network = [](std::string_view text) { return Network::parse(text).value(); };
  CHECK(network("127.0.0.0/8").is_loopback());
  CHECK(network("127.0.0.1").is_loopback());
  CHECK(network("::1").is_loopback());
  CHECK_FALSE(network("126.0.0.0/7").is_loopback());
  CHECK_FALSE(network("::/127").is_loopback());
  CHECK_FALSE(network("10.0.0.0/8").is_loopback());
  CHECK(network("0.0.0.0/0").is_everything());
  CHECK(network("::/0").is_everything());
  CHECK(network("::ffff:0:0/96").is_everything());
  CHECK_FALSE(network("0.0.0.0/1").is_everything());
}

TEST_CASE("network: no networks contain nothing") {
  CHECK_FALSE(any_contains({}, IpAddress::parse("::1").value()));
}

}  // namespace
}  // namespace homeward
