#include "proxy/net/connect_dialog.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "proxy/base/base64.hpp"
#include "proxy/base/text.hpp"

namespace homeward::net {
namespace {

constexpr std::string_view kProtocol = "HTTP/";
constexpr std::size_t kMaxReason = 60;
constexpr int kMostInterim = 5;

/// RFC 7617 §2. Each string that holds the password is wiped or becomes the answer.
std::string basic_credentials(const ProxyServer& proxy) {
  const auto password = proxy.password.reveal();
  std::string plain;
  plain.reserve(proxy.user.size() + 1 + password.size());
  plain.append(proxy.user).append(":").append(password);
  auto encoded = base64::encode(plain);
  wipe(plain);
  return encoded;
}

/// RFC 9112 §4: HTTP/1.x, three digits, perhaps a reason; nothing where it is no status line.
struct Status {
  int code = 0;
  std::string reason;
};
std::optional<Status> parse_status(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto blank = line.find(' ');
  if (!line.starts_with("HTTP/1.") || blank == std::string_view::npos) return std::nullopt;
  const auto digits = line.substr(blank + 1, 3);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (digits.size() != 3 || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  const int code = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  return Status{code, text::printable(text::trim(line.substr(blank + 4)), kMaxReason)};
}

/// The first words of the Proxy-Authenticate fields (RFC 9110 §11.7.1).
std::vector<std::string> login_schemes(std::string_view header) {
  constexpr std::string_view kField = "proxy-authenticate:";
  std::vector<std::string> schemes;
  for (const auto line : text::split(header, '\n')) {
    if (!text::starts_with_ignoring_case(line, kField)) continue;
    const auto value = text::trim(line.substr(kField.size()));
    schemes.push_back(text::printable(value.substr(0, value.find_first_of(" ,\r")), kMaxReason));
  }
  return schemes;
}

}  // namespace

ConnectDialog::ConnectDialog(const ProxyServer& proxy, ProxyDestination destination)
    : proxy_(proxy), destination_(std::move(destination)) {}

ProxyStep ConnectDialog::start() {
  const bool is_v6 = destination_.host.find(':') != std::string::npos;
  const auto authority = is_v6 ? fmt::format("[{}]:{}", destination_.host, destination_.port)
                               : fmt::format("{}:{}", destination_.host, destination_.port);
  const auto head = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", authority);
  std::string credentials;
  if (!proxy_.user.empty()) credentials = basic_credentials(proxy_);
  constexpr std::string_view kLogin = "Proxy-Authorization: Basic ";
  std::string request;
  request.reserve(head.size() + kLogin.size() + credentials.size() + 4);  // no copy is left behind by growing
  request += head;
  if (!credentials.empty()) request.append(kLogin).append(credentials).append("\r\n");
  request += "\r\n";
  wipe(credentials);
  return ProxyAction{.send = Secret(std::move(request)), .read_at_most = kProtocol.size()};
}

ProxyStep ConnectDialog::on_bytes(std::string_view bytes) {
  header_ += bytes;
  const std::string_view got = header_;
  const auto begins = got.substr(0, kProtocol.size());
  if (begins != kProtocol.substr(0, begins.size())) return fail("does not answer as an HTTP proxy");
  // RFC 9112 §2.2: a bare LF ends a line too.
  if (got.ends_with("\n\r\n") || got.ends_with("\n\n")) return on_header();
  if (got.size() >= kMostHeader) return fail("answers with a header that has no end");
  return ProxyAction{.send = {}, .read_at_most = safe_octets()};
}

/// How many octets the header has yet at least: two ends of lines stand at its end.
std::size_t ConnectDialog::safe_octets() const {
  return header_.ends_with('\n') || header_.ends_with("\n\r") ? 1 : 2;
}

ProxyStep ConnectDialog::on_header() {
  const auto status = parse_status(std::string_view(header_).substr(0, header_.find('\n')));
  if (!status) return fail("does not answer as an HTTP proxy");
  if (status->code >= 200 && status->code <= 299) return ProxyAction{};
  if (status->code >= 200 || ++interim_ > kMostInterim) return refused(status->code, status->reason);
  header_.clear();  // 1xx: the answer proper follows
  return ProxyAction{.send = {}, .read_at_most = kProtocol.size()};
}

ProxyStep ConnectDialog::refused(int status, const std::string& reason) const {
  const auto said = reason.empty() ? std::to_string(status) : fmt::format("{} {}", status, reason);
  switch (status) {
    case 407:
      return fail(login_cure());
    case 403:
    case 405:
      return fail(fmt::format("does not allow connections there ({})", said));
    case 502:
    case 503:
    case 504:
      return fail(fmt::format("could not connect there ({})", said));
    default:
      return fail(fmt::format("refused ({})", said));
  }
}

std::string ConnectDialog::login_cure() const {
  const auto schemes = login_schemes(header_);
  const bool has_basic = std::ranges::any_of(
      schemes, [](const std::string& scheme) { return text::equals_ignoring_case(scheme, "Basic"); });
  if (!schemes.empty() && !has_basic)
    return fmt::format("asks for a login by {}, which is not in this version (Basic is)",
                       fmt::join(schemes, ", "));
  return proxy_.user.empty() ? "asks for a login (407); write http://USER:PASSWORD@HOST"
                             : "refused the user or the password (407)";
}

ProxyStep ConnectDialog::fail(const std::string& why) const {
  return std::unexpected(make_error(Fault::network, 451, {4, 4, 1},
                                    fmt::format("the proxy {} port {} {} (for {} port {})", proxy_.host,
                                                proxy_.port, why, destination_.host, destination_.port)));
}

}  // namespace homeward::net
