#include "proxy/net/socks_dialog.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "proxy/base/network.hpp"

namespace homeward::net {
namespace {

constexpr char kVersion = 5;
constexpr char kLoginVersion = 1;  // RFC 1929 §2
constexpr char kNoLogin = 0;
constexpr char kPassword = 2;
constexpr char kNoneAcceptable = '\xff';
constexpr char kConnect = 1;
constexpr char kIpv4 = 1;
constexpr char kDomain = 3;
constexpr char kIpv6 = 4;
constexpr std::size_t kMaxField = 255;

/// RFC 1928 §6, by the octet REP.
constexpr auto kReplies = std::to_array<std::string_view>(
    {"", "could not connect (general failure)", "does not allow connections there",
     "has no way to that network", "has no way to that host, or does not know its name",
     "was refused the connection there", "found the way there too long (TTL expired)",
     "does not know the command CONNECT", "does not know that type of address"});

char octet(std::size_t value) {
  return static_cast<char>(static_cast<unsigned char>(value));
}

std::string with_length(std::string_view field) {
  return octet(field.size()) + std::string(field);
}

/// ATYP and DST.ADDR.
std::string address_of(const std::string& host) {
  const auto address = IpAddress::parse(host);
  if (!address) return kDomain + with_length(host);
  const auto& bytes = address->bytes();
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return address->is_v4() ? kIpv4 + std::string(all.substr(0, 4)) : kIpv6 + std::string(all);
}

}  // namespace

SocksDialog::SocksDialog(const ProxyServer& proxy, ProxyDestination destination)
    : proxy_(proxy), destination_(std::move(destination)) {}

ProxyStep SocksDialog::start() {
  if (destination_.host.size() > kMaxField) return fail("can't be told so long a name");
  // RFC 1928 §3: VER NMETHODS METHODS.
  std::string greeting{kVersion, octet(proxy_.user.empty() ? 1 : 2), kNoLogin};
  if (!proxy_.user.empty()) greeting += kPassword;
  return expect(State::method, 2, Secret(std::move(greeting)));
}

ProxyStep SocksDialog::on_bytes(std::string_view bytes) {
  got_.append(bytes.substr(0, wanted_ - got_.size()));
  if (got_.size() < wanted_) return ProxyAction{.send = {}, .read_at_most = wanted_ - got_.size()};
  switch (state_) {
    case State::method:
      return on_method();
    case State::login:
      return on_login();
    case State::reply:
      return on_reply();
    case State::bound_length:
      return expect(State::bound, static_cast<unsigned char>(got_[0]) + 2U);
    case State::bound:
      return ProxyAction{};
  }
  return fail("is out of step");
}

ProxyStep SocksDialog::on_method() {
  if (got_[0] != kVersion) return fail("does not speak SOCKS 5");
  if (got_[1] == kNoLogin) return send_request();
  if (got_[1] == kPassword && !proxy_.user.empty()) return send_login();
  if (got_[1] == kNoneAcceptable || got_[1] == kPassword) {
    return fail(proxy_.user.empty() ? "asks for a login; write socks5://USER:PASSWORD@HOST"
                                    : "takes neither a user with a password nor a connection without");
  }
  return fail("chose a login that it was not offered");
}

/// RFC 1929 §2: VER ULEN UNAME PLEN PASSWD.
ProxyStep SocksDialog::send_login() {
  const auto password = proxy_.password.reveal();
  if (proxy_.user.size() > kMaxField || password.size() > kMaxField)
    return fail("can't be told so long a login");
  std::string login;
  login.reserve(3 + proxy_.user.size() + password.size());  // no copy is left behind by growing
  login += kLoginVersion;
  login += octet(proxy_.user.size());
  login += proxy_.user;
  login += octet(password.size());
  login += password;
  return expect(State::login, 2, Secret(std::move(login)));
}

ProxyStep SocksDialog::on_login() {
  if (got_[1] != 0) return fail("refused the user or the password");
  return send_request();
}

/// RFC 1928 §4: VER CMD RSV ATYP DST.ADDR DST.PORT. Of the reply, what every reply has, so that a proxy that
/// only says no may be brief.
ProxyStep SocksDialog::send_request() {
  std::string request{kVersion, kConnect, 0};
  request += address_of(destination_.host);
  request += octet(destination_.port >> 8U);
  request += octet(destination_.port & 0xffU);
  return expect(State::reply, 4, Secret(std::move(request)));
}

/// VER REP RSV ATYP, then the address that the proxy connects from, which is read away.
ProxyStep SocksDialog::on_reply() {
  if (got_[0] != kVersion) return fail("answered what is not SOCKS 5");
  const auto reply = static_cast<unsigned char>(got_[1]);
  if (reply >= kReplies.size()) return fail(fmt::format("refused with the unknown code {}", reply));
  if (reply != 0) return fail(std::string(kReplies[reply]));
  switch (got_[3]) {
    case kIpv4:
      return expect(State::bound, 4 + 2);
    case kIpv6:
      return expect(State::bound, 16 + 2);
    case kDomain:
      return expect(State::bound_length, 1);
    default:
      return fail("answered with an unknown type of address");
  }
}

ProxyStep SocksDialog::expect(State state, std::size_t octets, Secret send) {
  state_ = state;
  wanted_ = octets;
  got_.clear();
  return ProxyAction{.send = std::move(send), .read_at_most = octets};
}

ProxyStep SocksDialog::fail(const std::string& why) const {
  return std::unexpected(make_error(Fault::network, 451, {4, 4, 1},
                                    fmt::format("the proxy {} port {} {} (for {} port {})", proxy_.host,
                                                proxy_.port, why, destination_.host, destination_.port)));
}

}  // namespace homeward::net
