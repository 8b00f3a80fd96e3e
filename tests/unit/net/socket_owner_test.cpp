// Whose the other end of a loopback connection is: asked of the running kernel, and the pure parts beneath.
#include "proxy/net/socket_owner.hpp"

#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <cstring>
#include <optional>
#include <string>

#include "proxy/net/tcp_stream.hpp"
#include "tests/support/catch.hpp"

namespace homeward::net::test {
namespace {

using tcp = asio::ip::tcp;

IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

/// A connection over loopback, both ends ours.
struct Connected {
  asio::io_context context;
  tcp::acceptor acceptor{context};
  tcp::socket client{context};
  tcp::socket accepted{context};

  /// `listen`: the address that is listened on; `to`: the one that is connected to.
  Connected(const char* listen, const char* to) {
    const tcp::endpoint place(asio::ip::make_address(listen), 0);
    acceptor.open(place.protocol());
    if (place.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false));
    acceptor.bind(place);
    acceptor.listen();
    client.connect({asio::ip::make_address(to), acceptor.local_endpoint().port()});
    accepted = acceptor.accept();
  }

  ConnectionEnds ends() const {
    const auto far = accepted.remote_endpoint();
    const auto near = accepted.local_endpoint();
    return {from_asio(far.address()), far.port(), from_asio(near.address()), near.port()};
  }
};

bool has_ipv6() {
  boost::system::error_code fault;
  asio::io_context context;
  tcp::acceptor acceptor(context);
  acceptor.open(tcp::v6(), fault);
  if (!fault) acceptor.bind({asio::ip::address_v6::loopback(), 0}, fault);
  return !fault;
}

constexpr std::string_view kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode       "
    "\n"
    "   0: {0}:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 00 100 0 0\n"
    "   1: {0}:0019 {0}:9C40 01 00000000:00000000 00:00000000 00000000   999        0 101 1 00 20 4 30 10 "
    "-1\n"
    "   2: {0}:9C40 {0}:0019 {1} 00000000:00000000 00:00000000 00000000 {2}        0 {3} 1 00 20 4 30 10 -1\n"
    "   3: {0}:9C41 {0}:0019 01 00000000:00000000 00:00000000 00000000  1002        0 103 1 00 20 4 30 10 "
    "-1\n";

/// As the machine prints 127.0.0.1.
std::string loopback() {
  const std::uint8_t bytes[4] = {127, 0, 0, 1};
  std::uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return fmt::format("{:08X}", word);
}

const ConnectionEnds kEnds{ip("127.0.0.1"), 40000, ip("127.0.0.1"), 25};

std::string table_with(const char* state, const char* user, const char* inode) {
  return fmt::format(fmt::runtime(kTable), loopback(), state, user, inode);
}

/// An answer of netlink to question 7.
std::string answer(std::uint16_t type, const void* payload, std::size_t size) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + size);
  header.nlmsg_type = type;
  header.nlmsg_seq = 7;
  std::string text(sizeof header + size, '\0');
  std::memcpy(text.data(), &header, sizeof header);
  std::memcpy(text.data() + sizeof header, payload, size);
  return text;
}

}  // namespace

TEST_CASE("net: the owner of a loopback client is who opened its socket, by either way", "[net]") {
  struct Case {
    const char* listen;
    const char* to;
    bool v6;
  };
  const Case cases[] = {{"127.0.0.1", "127.0.0.1", false},
                        {"0.0.0.0", "127.0.0.2", false},
                        {"::1", "::1", true},
                        {"::", "::1", true},
                        {"::", "127.0.0.1", true},         // one socket of IPv6, one of IPv4
                        {"::", "::ffff:127.0.0.1", true},  // both of IPv6
                        {"127.0.0.1", "::ffff:127.0.0.1", true}};
  for (const auto& one : cases) {
    if (one.v6 && !has_ipv6()) continue;
    CAPTURE(one.listen, one.to);
    const Connected pair(one.listen, one.to);
    CHECK(socket_owner(pair.ends()) == ::getuid());
    CHECK(socket_owner_from_tables(pair.ends()) == ::getuid());
  }
}

TEST_CASE("net: a client that has closed is nobody, above all not root", "[net]") {
  Connected pair("127.0.0.1", "127.0.0.1");
  const auto ends = pair.ends();
  pair.client.shutdown(tcp::socket::shutdown_send);  // it still reads: somebody is there
  CHECK(socket_owner(ends) == ::getuid());
  CHECK(socket_owner_from_tables(ends) == ::getuid());
  pair.client.close();  // FIN_WAIT: the kernel says user 0
  for (int i = 0; i < 2; ++i) {
    for (const auto& owner : {socket_owner(ends), socket_owner_from_tables(ends)}) {
      REQUIRE_FALSE(owner);
      CHECK(owner.error().reply.text == "the client has closed it already");
    }
    pair.accepted.close();  // TIME_WAIT: user 0 again
  }
}

TEST_CASE("net: a connection that there is not has no owner", "[net]") {
  const Connected pair("127.0.0.1", "127.0.0.1");
  auto ends = pair.ends();
  ends.server = ip("127.0.0.3");
  CHECK_FALSE(socket_owner(ends));
  CHECK_FALSE(socket_owner_from_tables(ends));
  // The listener is found where a socket of its own address is asked for: it is no client.
  ends = {pair.ends().server, pair.ends().server_port, ip("127.0.0.1"), 9};
  CHECK_FALSE(socket_owner(ends));
  CHECK_FALSE(socket_owner_from_tables(ends));
}

TEST_CASE("net: of a table the client's row counts, in a state in which somebody holds it", "[net]") {
  struct Case {
    const char* state;
    const char* user;
    const char* inode;
    std::optional<std::uint32_t> owner;
  };
  const Case cases[] = {
      {"01", "1001", "55", 1001},
      {"04", "   0", "55", 0},
      {"05", "1001", "55", 1001},
      {"08", "1001", "55", 1001},
      {"01", "4294967294", "1", 4294967294},
      {"01", "0", "0", std::nullopt},  // closed by its process
      {"06", "0", "0", std::nullopt},  // TIME_WAIT
      {"02", "1001", "55", std::nullopt},
      {"07", "1001", "55", std::nullopt},
      {"0A", "1001", "55", std::nullopt},
      {"01", "x", "55", std::nullopt},
      {"01", "1001", "x", std::nullopt},
  };
  for (const auto& one : cases) {
    CAPTURE(one.state, one.user, one.inode);
    const auto row = find_row(table_with(one.state, one.user, one.inode), kEnds);
    const auto owner = row ? owner_of(*row) : std::unexpected(row.error());
    CHECK(owner.has_value() == one.owner.has_value());
    if (owner && one.owner) CHECK(*owner == *one.owner);
  }
  CHECK_FALSE(find_row("", kEnds));
  CHECK_FALSE(find_row(table_with("01", "1001", "55").substr(0, 360), kEnds));
}

TEST_CASE("net: an answer of netlink is taken whole, for the question asked, or not at all", "[net]") {
  inet_diag_msg message{};
  message.idiag_state = TCP_ESTABLISHED;
  message.idiag_uid = 1001;
  message.idiag_inode = 42;
  const auto good = answer(SOCK_DIAG_BY_FAMILY, &message, sizeof message);
  const auto facts = parse_answer(good, 7);
  REQUIRE(facts);
  CHECK(facts->user == 1001);
  CHECK(owner_of(*facts) == 1001U);
  CHECK_FALSE(parse_answer(good, 8));
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(parse_answer(std::span(good).first(size), 7));
  }
  const int code = -EPERM;
  const auto refused = parse_answer(answer(NLMSG_ERROR, &code, sizeof code), 7);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reply.text == "netlink: Operation not permitted");
  CHECK_FALSE(parse_answer(answer(NLMSG_DONE, &message, sizeof message), 7));
  CHECK_FALSE(parse_answer(answer(NLMSG_ERROR, &code, 2), 7));
}

}  // namespace homeward::net::test
