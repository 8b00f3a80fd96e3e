// Single values: tables of what is taken and what is refused. product.md 4 (sizes, durations, servers).
#include "conf/values.hpp"

#include <limits>

#include "tests/support/catch.hpp"

namespace homeward::conf {
namespace {

using std::chrono::milliseconds;

constexpr auto kAnySize = std::numeric_limits<std::uint64_t>::max();

TEST_CASE("conf: a size is a number with an optional power of 1024") {
  struct Case {
    std::string text;
    std::uint64_t octets;
  };
  const auto c = GENERATE(values<Case>({{"0", 0},
                                        {"1", 1},
                                        {"1024K", 1024 * 1024},
                                        {"50M", 50ULL << 20U},
                                        {"50m", 50ULL << 20U},
                                        {"1G", 1ULL << 30U},
                                        {"17179869183G", 17179869183ULL << 30U}}));
  CAPTURE(c.text);
  REQUIRE(parse_size(c.text, 0, kAnySize).value() == c.octets);
}

TEST_CASE("conf: what is no size, or out of bounds, is refused") {
  const auto text = GENERATE(as<std::string>(), "", "M", "50 M", "-1", "+1", "1.5M", "0x10", "50MB", "50T",
                             "1e3", "99999999999999999999", "99999999999G", "65535", "2M");
  CAPTURE(text);
  const auto size = parse_size(text, 65536, 1U << 20U);
  REQUIRE_FALSE(size.has_value());
  REQUIRE(size.error().cure.find("64K to 1M") != std::string::npos);
}

TEST_CASE("conf: a size beyond 64 bits doesn't wrap into a small one") {
  // 2^34 G is 2^64: a product that wraps is 0.
  REQUIRE(parse_size("17179869184G", 0, kAnySize - 1).error().finding == "\"17179869184G\" is too large");
}

TEST_CASE("conf: a duration is a number with its unit") {
  struct Case {
    std::string text;
    std::int64_t ms;
  };
  const auto c = GENERATE(values<Case>({{"500ms", 500},
                                        {"90s", 90'000},
                                        {"10m", 600'000},
                                        {"2h", 7'200'000},
                                        {"1d", 86'400'000},
                                        {"1D", 86'400'000}}));
  CAPTURE(c.text);
  REQUIRE(parse_duration(c.text, milliseconds{1}, milliseconds{86'400'000}).value() == milliseconds{c.ms});
}

TEST_CASE("conf: a duration that is none, zero, too long or without unit is refused with its own words") {
  struct Case {
    std::string text;
    std::string finding;
  };
  const auto c = GENERATE(values<Case>({{"90", "\"90\" has no unit"},
                                        {"0s", "\"0s\" is too short"},
                                        {"2d", "\"2d\" is too long"},
                                        {"99999999999999999999d", "\"99999999999999999999d\" is too long"},
                                        {"1h30m", "\"1h30m\" is not a duration"},
                                        {"-1s", "\"-1s\" is not a duration"},
                                        {"1 s", "\"1 s\" is not a duration"},
                                        {"1w", "\"1w\" is not a duration"}}));
  CAPTURE(c.text);
  REQUIRE(parse_duration(c.text, milliseconds{1}, milliseconds{86'400'000}).error().finding == c.finding);
}

TEST_CASE("conf: a rate is messages by time") {
  struct Case {
    std::string text;
    Rate rate;
    std::string printed;
  };
  const auto c = GENERATE(values<Case>({{"30/m", {30, milliseconds{60'000}}, "30/m"},
                                        {"500/h", {500, milliseconds{3'600'000}}, "500/h"},
                                        {"10/s", {10, milliseconds{1000}}, "10/s"},
                                        {"2000/D", {2000, milliseconds{86'400'000}}, "2000/d"},
                                        {"1 / m", {1, milliseconds{60'000}}, "1/m"}}));
  CAPTURE(c.text);
  REQUIRE(parse_rate(c.text).value() == c.rate);
  REQUIRE(rate_text(c.rate) == c.printed);
}

TEST_CASE("conf: what is no rate is refused with an example") {
  const auto text = GENERATE(as<std::string>(), "", "30", "/m", "30/", "30/ms", "30/w", "0/m", "-1/m",
                             "1.5/m", "1000001/d", "99999999999999999999/s", "30/m/h", "30m");
  CAPTURE(text);
  const auto rate = parse_rate(text);
  REQUIRE_FALSE(rate.has_value());
  REQUIRE(rate.error().cure.find("30/m") != std::string::npos);
}

TEST_CASE("conf: a count keeps to its bounds") {
  REQUIRE(parse_count("1", 1, 10).value() == 1);
  REQUIRE(parse_count("10", 1, 10).value() == 10);
  for (const auto* text : {"0", "11", "", "-1", "4294967297", "18446744073709551617", "1 "}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_count(text, 1, 10).has_value());
  }
}

TEST_CASE("conf: sizes and durations are printed in their largest whole unit") {
  REQUIRE(size_text(50ULL << 20U) == "50M");
  REQUIRE(size_text(1025) == "1025");
  REQUIRE(size_text(0) == "0");
  REQUIRE(duration_text(milliseconds{90'000}) == "90s");
  REQUIRE(duration_text(milliseconds{7'200'000}) == "2h");
  REQUIRE(duration_text(milliseconds{1500}) == "1500ms");
}

TEST_CASE("conf: a server has one of three forms") {
  using Form = Server::Form;
  struct Case {
    std::string text;
    Server server;
  };
  const auto c =
      GENERATE(values<Case>({{"smtp.isp.example", {Form::ladder, "smtp.isp.example", 0}},
                             {"SMTP.ISP.Example", {Form::ladder, "smtp.isp.example", 0}},
                             {"localhost", {Form::ladder, "localhost", 0}},
                             {"192.0.2.7", {Form::ladder, "192.0.2.7", 0}},
                             {"[2001:db8::7]", {Form::ladder, "2001:db8::7", 0}},
                             {"smtps://a.example", {Form::smtps, "a.example", 465}},
                             {"SMTPS://a.example:8465", {Form::smtps, "a.example", 8465}},
                             {"submission://a.example", {Form::submission, "a.example", 587}},
                             {"submission://[2001:db8::7]:1587", {Form::submission, "2001:db8::7", 1587}},
                             {"smtps://192.0.2.7:65535", {Form::smtps, "192.0.2.7", 65535}}}));
  CAPTURE(c.text);
  REQUIRE(parse_server(c.text).value() == c.server);
}

TEST_CASE("conf: a server of another form is refused with the right forms") {
  const auto text =
      GENERATE(as<std::string>(), "", "smtp://a.example", "https://a.example", "a.example:587", "a b",
               "smtps://", "smtps://:465", "smtps://a.example:", "smtps://a.example:0",
               "smtps://a.example:65536", "smtps://a.example/", "smtps://a.example:465/x",
               "smtps://ann@a.example", "2001:db8::7", "::1", "[::1", "[a.example]", "-a.example",
               "a..example", ".example", "a.example.", "a$.example", "192.0.2.256", "1.2.3",
               "b\xC3\xBC"
               "cher.example");
  CAPTURE(text);
  const auto server = parse_server(text);
  REQUIRE_FALSE(server.has_value());
  REQUIRE_FALSE(server.error().cure.empty());
}

TEST_CASE("conf: a server with a port alone is told the two forms that take one") {
  REQUIRE(parse_server("a.example:587").error().cure.find("submission://a.example:587") != std::string::npos);
}

TEST_CASE("conf: a host name keeps to the lengths of DNS") {
  const std::string label(63, 'a');
  REQUIRE(parse_domain(label + ".example").has_value());
  REQUIRE_FALSE(parse_domain(label + "a.example").has_value());
  const auto long_name = label + "." + label + "." + label + "." + std::string(61, 'b');  // 253
  REQUIRE(parse_domain(long_name).has_value());
  REQUIRE_FALSE(parse_domain(long_name + "b").has_value());
}

TEST_CASE("conf: a listen address is an address with port, or a passed socket") {
  struct Case {
    std::string text;
    std::string printed;
  };
  const auto c = GENERATE(values<Case>({{"127.0.0.1:2525", "127.0.0.1:2525"},
                                        {"[::1]:2525", "[::1]:2525"},
                                        {"127.0.0.1", "127.0.0.1:25"},
                                        {"::1", "[::1]:25"},
                                        {"[::1]", "[::1]:25"},
                                        {"0.0.0.0:65535", "0.0.0.0:65535"}}));
  CAPTURE(c.text);
  const auto address = parse_listen_address(c.text).value();
  REQUIRE(std::get<SocketAddress>(address).to_string() == c.printed);
}

TEST_CASE("conf: systemd:NAME is a passed socket") {
  REQUIRE(std::get<PassedSocket>(parse_listen_address("systemd:smtp").value()).name == "smtp");
}

TEST_CASE("conf: what names no address to listen on is refused") {
  const auto text = GENERATE(as<std::string>(), "", "25", ":25", "localhost:25", "127.0.0.1:", "127.0.0.1:0",
                             "127.0.0.1:65536", "127.0.0.1:25x", "::1:25x", "[::1", "[::1]25",
                             "systemd:", "systemd:a:b", "*:25", "127.0.0.256:25");
  CAPTURE(text);
  REQUIRE_FALSE(parse_listen_address(text).has_value());
}

TEST_CASE("conf: a port alone is told to add an address") {
  REQUIRE(parse_listen_address("2525").error().finding == "\"2525\" is a port without an address");
}

TEST_CASE("conf: a section's name is short and plain") {
  REQUIRE(parse_name("home-2_a.B").value() == "home-2_a.B");
  REQUIRE(parse_name(std::string(40, 'a')).has_value());
  for (const auto& text : {std::string(41, 'a'), std::string(), std::string("a b"), std::string("a/b"),
                           std::string("\xC3\xBC"), std::string("a,b")}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_name(text).has_value());
  }
}

TEST_CASE("conf: a shown value is printable and short") {
  REQUIRE(shown("a\x1b[31m") == "\"a?[31m\"");
  REQUIRE(shown(std::string(1000, 'x')).size() <= 70);
}

}  // namespace
}  // namespace homeward::conf
