#include "conf/transport_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "proxy/base/base64.hpp"
#include "proxy/base/text.hpp"

namespace homeward::conf {
namespace {

using ProxyParsed = Parsed<std::shared_ptr<const ProxyServer>>;

constexpr std::uint16_t kSocksPort = 1080;   // RFC 1928 §3
constexpr std::uint16_t kHttpPort = 3128;    // Squid's; no RFC names one
constexpr std::size_t kMaxCredential = 255;  // RFC 1929 §2: one octet of length

constexpr std::string_view kProxyForms =
    "write socks5://[USER:PASSWORD@]HOST[:1080] or http://[USER:PASSWORD@]HOST[:3128]";
constexpr std::string_view kPinForms =
    "write the base64 or hex form of its 32 octets; homeward tells a server's own where a pin doesn't fit it";

std::unexpected<Rejection> reject(std::string finding, std::string_view cure) {
  return std::unexpected(Rejection{std::move(finding), std::string(cure)});
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = text::to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Two digits as an octet; nothing where they are none.
std::optional<std::uint8_t> hex_octet(std::string_view digits) {
  if (digits.size() < 2) return std::nullopt;
  const int high = hex_digit(digits[0]);
  const int low = hex_digit(digits[1]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<std::uint8_t>(high * 16 + low);
}

// RFC 3986 §2.1. What may be a secret is written once and in its place: no copy is left behind.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::optional<std::string> out(std::in_place);
  out->reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      *out += text[i];
      continue;
    }
    const auto octet = hex_octet(text.substr(i + 1));
    if (!octet) {
      wipe(*out);
      out.reset();
      return out;
    }
    *out += static_cast<char>(*octet);
    i += 2;
  }
  return out;
}

struct ProxyParts {
  std::string_view user_info;  // as written: USER[:PASSWORD]
  std::string_view location;   // HOST[:PORT]
  bool has_user_info = false;
};

// The last @ ends the credentials: no host holds one, a password that was not encoded may.
ProxyParts split_proxy(std::string_view rest) {
  ProxyParts parts;
  const auto at = rest.rfind('@');
  parts.has_user_info = at != std::string_view::npos;
  if (parts.has_user_info) parts.user_info = rest.substr(0, at);
  parts.location = parts.has_user_info ? rest.substr(at + 1) : rest;
  if (parts.location.ends_with('/')) parts.location.remove_suffix(1);
  return parts;
}

std::optional<Rejection> take_credentials(std::string_view user_info, ProxyServer& proxy) {
  const auto colon = std::min(user_info.find(':'), user_info.size());
  auto user = percent_decoded(user_info.substr(0, colon));
  auto password = percent_decoded(user_info.substr(std::min(colon + 1, user_info.size())));
  if (password) proxy.password = Secret(*std::move(password));
  if (!user || !password)
    return Rejection{"has a % that no two hex digits follow", "write %25 for a % itself"};
  proxy.user = *std::move(user);
  const bool controls = text::has_control(proxy.user) || text::has_control(proxy.password.reveal());
  const bool too_long = proxy.user.size() > kMaxCredential || proxy.password.size() > kMaxCredential;
  if (controls) return Rejection{"has a user or password with control characters", std::string(kProxyForms)};
  if (too_long) return Rejection{"has a user or password of more than 255 octets", std::string(kProxyForms)};
  if (proxy.user.empty()) return Rejection{"has no user in front of @", std::string(kProxyForms)};
  if (proxy.kind == ProxyServer::Kind::socks5 && proxy.password.empty())
    return Rejection{"has a user and no password, which SOCKS 5 can't say", std::string(kProxyForms)};
  // RFC 7617 §2: the first colon parts the two.
  if (proxy.kind == ProxyServer::Kind::http_connect && proxy.user.find(':') != std::string::npos)
    return Rejection{"has a user with a colon, which HTTP can't say", std::string(kProxyForms)};
  return std::nullopt;
}

// Host and port are read as a server's. What stands there may be a password whose @ was forgotten, so no
// finding shows it.
std::optional<Rejection> take_location(std::string_view location, std::uint16_t default_port,
                                       ProxyServer& proxy) {
  const auto server = parse_server(fmt::format("smtps://{}", location));
  if (!server) return Rejection{"has no HOST or HOST:PORT that could be one", std::string(kProxyForms)};
  const bool has_port = location.rfind(':') != std::string_view::npos && !location.ends_with(']');
  proxy.host = server->host;
  proxy.port = has_port ? server->port : default_port;
  return std::nullopt;
}

}  // namespace

ProxyParsed parse_proxy(std::string_view text) {
  if (text::equals_ignoring_case(text, "none")) return nullptr;
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos)
    return reject("doesn't say which kind of proxy it is", kProxyForms);
  const auto scheme = text::to_lower(text.substr(0, scheme_end));
  if (scheme == "https")
    return reject("means TLS to the proxy, which is not in this version",
                  "write http://, where the proxy has it");
  const bool is_socks = scheme == "socks5" || scheme == "socks5h";
  if (!is_socks && scheme != "http")
    return reject("has a form that is not known in front of ://", kProxyForms);
  auto proxy = std::make_shared<ProxyServer>();
  proxy->kind = is_socks ? ProxyServer::Kind::socks5 : ProxyServer::Kind::http_connect;
  const auto parts = split_proxy(text.substr(scheme_end + 3));
  if (auto fault = take_location(parts.location, is_socks ? kSocksPort : kHttpPort, *proxy))
    return std::unexpected(*std::move(fault));
  if (parts.has_user_info)
    if (auto fault = take_credentials(parts.user_info, *proxy)) return std::unexpected(*std::move(fault));
  return proxy;
}

bool proxy_holds_password(std::string_view text) {
  const auto scheme_end = text.find("://");
  const auto rest = scheme_end == std::string_view::npos ? text : text.substr(scheme_end + 3);
  return rest.find('@') != std::string_view::npos;
}

Parsed<TlsPin> parse_pin(std::string_view text) {
  auto body = text;
  for (const std::string_view prefix : {"sha256//", "sha256:"})
    if (text::starts_with_ignoring_case(text, prefix)) {
      body = text::trim(text.substr(prefix.size()));
      break;
    }
  TlsPin pin{};
  if (const auto bytes = base64::decode(body); bytes && bytes->size() == pin.size()) {
    std::ranges::transform(*bytes, pin.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
    return pin;
  }
  const auto wrong = [&] { return reject(fmt::format("{} is no SHA-256", shown(text)), kPinForms); };
  const bool with_colons = body.size() == 3 * pin.size() - 1;
  if (!with_colons && body.size() != 2 * pin.size()) return wrong();
  const std::size_t step = with_colons ? 3 : 2;
  for (std::size_t i = 0; i < pin.size(); ++i) {
    const auto octet = hex_octet(body.substr(i * step));
    if (!octet || (with_colons && i > 0 && body[i * step - 1] != ':')) return wrong();
    pin[i] = *octet;
  }
  return pin;
}

}  // namespace homeward::conf
