// The parsers of single values. Numbers are read digit by digit with a bound, so nothing overflows.
#include "conf/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "proxy/base/network.hpp"
#include "proxy/base/text.hpp"

namespace homeward::conf {
namespace {

constexpr std::size_t kMaxName = 40;     // with "listener " in front it still fits inih's section buffer
constexpr std::size_t kMaxDomain = 253;  // RFC 1035 §2.3.4, as text
constexpr std::size_t kMaxLabel = 63;    // RFC 1035 §2.3.4
constexpr unsigned kMaxRate = 1'000'000;
constexpr std::uint16_t kSmtpPort = 25;
constexpr std::uint16_t kSmtpsPort = 465;
constexpr std::uint16_t kSubmissionPort = 587;

constexpr std::string_view kServerForms =
    "write smtp.isp.example, smtps://smtp.isp.example[:465] or submission://smtp.isp.example[:587]";
constexpr std::string_view kListenForms =
    "write ADDRESS:PORT (127.0.0.1:2525), [ADDRESS]:PORT ([::1]:2525) or systemd:NAME";

std::unexpected<Rejection> reject(std::string finding, std::string_view cure) {
  return std::unexpected(Rejection{std::move(finding), std::string(cure)});
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// All of `text` as a decimal number; nothing where it is none or does not fit.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint64_t result = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return result;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 4> kSizeUnits{
    {{"G", 1ULL << 30U}, {"M", 1ULL << 20U}, {"K", 1ULL << 10U}, {"", 1}}};
constexpr std::array<Unit, 5> kTimeUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

// NUMBER UNIT as a multiple; nothing where the form is wrong. Saturates, so that bounds can be told.
template <std::size_t N>
std::optional<std::uint64_t> scaled(std::string_view text, const std::array<Unit, N>& units) {
  const auto digits = std::min(text.size(), text.find_first_not_of("0123456789"));
  if (digits == 0) return std::nullopt;
  const auto unit = std::ranges::find_if(
      units, [&](const Unit& u) { return text::equals_ignoring_case(u.name, text.substr(digits)); });
  if (unit == units.end()) return std::nullopt;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  const auto amount = number(text.substr(0, digits)).value_or(kMost);
  return amount > kMost / unit->factor ? kMost : amount * unit->factor;
}

template <std::size_t N>
std::string in_largest_unit(std::uint64_t amount, const std::array<Unit, N>& units) {
  for (const auto& [name, factor] : units)
    if (amount != 0 && amount % factor == 0) return fmt::format("{}{}", amount / factor, name);
  return fmt::format("{}{}", amount, units.back().name);
}

struct HostPort {
  std::string_view host;  // with the brackets of an IPv6 address
  std::string_view port;
  bool has_port = false;
};

// Parts HOST[:PORT]; a colon inside brackets is the address's own.
HostPort split_port(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
    return {.host = text, .port = {}, .has_port = false};
  return {.host = text.substr(0, colon), .port = text.substr(colon + 1), .has_port = true};
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  const auto value = number(text);
  if (!value || *value == 0 || *value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*value);
}

bool in_brackets(std::string_view text) {
  return text.size() > 2 && text.front() == '[' && text.back() == ']';
}

// The host of a server: a domain name, an IPv4 address, or an IPv6 address in brackets.
Parsed<std::string> parse_server_host(std::string_view text) {
  if (in_brackets(text)) {
    const auto address = IpAddress::parse(text.substr(1, text.size() - 2));
    if (!address) return reject(fmt::format("{} is not an IPv6 address", shown(text)), kServerForms);
    return address->to_string();
  }
  if (const auto address = IpAddress::parse(text)) {
    if (!address->is_v4() || text.find(':') != std::string_view::npos)
      return reject(fmt::format("the IPv6 address {} stands without brackets", shown(text)),
                    fmt::format("write [{}]", text));
    return address->to_string();
  }
  auto domain = parse_domain(text);
  if (!domain) return reject(domain.error().finding, kServerForms);
  return domain;
}

// What stands behind "smtps://" or "submission://".
Parsed<Server> parse_located(std::string_view rest, Server::Form form, std::uint16_t default_port) {
  const auto parts = split_port(rest);
  auto host = parse_server_host(parts.host);
  if (!host) return std::unexpected(host.error());
  if (!parts.has_port) return Server{.form = form, .host = *host, .port = default_port};
  const auto port = port_number(parts.port);
  if (!port)
    return reject(fmt::format("the port {} is not a number from 1 to 65535", shown(parts.port)),
                  kServerForms);
  return Server{.form = form, .host = *host, .port = *port};
}

std::optional<std::string> label_fault(std::string_view label) {
  if (label.empty()) return "has an empty part between dots";
  if (label.size() > kMaxLabel) return "has a part of more than 63 characters";
  if (label.front() == '-' || label.back() == '-') return "has a part that begins or ends with a hyphen";
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
  if (!std::ranges::all_of(label, allowed)) return "holds a character that no host name has";
  return std::nullopt;
}

}  // namespace

std::string shown(std::string_view value) {
  return fmt::format("\"{}\"", text::printable(value, 60));
}

std::string size_text(std::uint64_t octets) {
  return in_largest_unit(octets, kSizeUnits);
}

std::string duration_text(std::chrono::milliseconds duration) {
  return in_largest_unit(static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)), kTimeUnits);
}

Parsed<std::uint64_t> parse_size(std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto range = fmt::format("write a size from {} to {}, such as 50M, 1024K, 1G or a number of bytes",
                                 size_text(least), size_text(most));
  const auto size = scaled(text, kSizeUnits);
  if (!size) return reject(fmt::format("{} is not a size", shown(text)), range);
  if (*size < least) return reject(fmt::format("{} is too small", shown(text)), range);
  if (*size > most) return reject(fmt::format("{} is too large", shown(text)), range);
  return *size;
}

Parsed<std::chrono::milliseconds> parse_duration(std::string_view text, std::chrono::milliseconds least,
                                                 std::chrono::milliseconds most) {
  const auto range = fmt::format("write a duration from {} to {}, such as 500ms, 90s, 10m, 2h or 5d",
                                 duration_text(least), duration_text(most));
  const auto amount = scaled(text, kTimeUnits);
  if (!amount && number(text)) return reject(fmt::format("{} has no unit", shown(text)), range);
  if (!amount) return reject(fmt::format("{} is not a duration", shown(text)), range);
  if (*amount < static_cast<std::uint64_t>(least.count()))
    return reject(fmt::format("{} is too short", shown(text)), range);
  if (*amount > static_cast<std::uint64_t>(most.count()))
    return reject(fmt::format("{} is too long", shown(text)), range);
  return std::chrono::milliseconds{static_cast<std::int64_t>(*amount)};
}

Parsed<Rate> parse_rate(std::string_view text) {
  constexpr std::string_view kCure = "write a number of messages and s, m, h or d, such as 30/m or 500/h";
  const auto slash = text.find('/');
  const auto count = number(text::trim(text.substr(0, slash)));
  if (!count || slash == std::string_view::npos)
    return reject(fmt::format("{} is not a rate", shown(text)), kCure);
  if (*count == 0 || *count > kMaxRate)
    return reject(fmt::format("{} is not from 1 to {} messages", shown(text), kMaxRate), kCure);
  const auto unit = text::trim(text.substr(slash + 1));
  const auto found = std::ranges::find_if(kTimeUnits, [&](const Unit& known) {
    return known.name.size() == 1 && text::equals_ignoring_case(known.name, unit);
  });
  if (found == kTimeUnits.end())
    return reject(fmt::format("{} has no unit of time that is known", shown(text)), kCure);
  return Rate{static_cast<unsigned>(*count), std::chrono::milliseconds{found->factor}};
}

std::string rate_text(const Rate& rate) {
  for (const auto& unit : kTimeUnits)
    if (std::chrono::milliseconds{unit.factor} == rate.per)
      return fmt::format("{}/{}", rate.messages, unit.name);
  return fmt::format("{} in {}", rate.messages, duration_text(rate.per));
}

Parsed<unsigned> parse_count(std::string_view text, unsigned least, unsigned most) {
  const auto value = number(text);
  if (!value || *value < least || *value > most)
    return reject(fmt::format("{} is not a number from {} to {}", shown(text), least, most),
                  "write a number in that range");
  return static_cast<unsigned>(*value);
}

Parsed<bool> parse_flag(std::string_view text) {
  for (const std::string_view yes : {"yes", "true", "on"})
    if (text::equals_ignoring_case(text, yes)) return true;
  for (const std::string_view no : {"no", "false", "off"})
    if (text::equals_ignoring_case(text, no)) return false;
  return reject(fmt::format("{} is neither yes nor no", shown(text)), "write yes or no");
}

Parsed<std::string> parse_domain(std::string_view text) {
  constexpr std::string_view kCure = "write a host name such as mail.isp.example";
  if (text.empty()) return reject("the host name is empty", kCure);
  if (!text::is_ascii(text))
    return reject(fmt::format("the host name {} holds letters beyond ASCII", shown(text)),
                  "write it in its xn-- form");
  if (text.size() > kMaxDomain) return reject("the host name is longer than 253 characters", kCure);
  std::size_t start = 0;
  std::string_view last;
  while (start <= text.size()) {
    const auto dot = std::min(text.find('.', start), text.size());
    last = text.substr(start, dot - start);
    if (const auto fault = label_fault(last))
      return reject(fmt::format("the host name {} {}", shown(text), *fault), kCure);
    start = dot + 1;
  }
  // No top-level domain is a number: this is a mistyped address (RFC 1123 §2.1).
  if (std::ranges::all_of(last, is_digit))
    return reject(fmt::format("{} is neither a host name nor an address", shown(text)), kCure);
  return text::to_lower(text);
}

Parsed<Server> parse_server(std::string_view text) {
  constexpr std::string_view kSmtps = "smtps://";
  constexpr std::string_view kSubmission = "submission://";
  if (text::starts_with_ignoring_case(text, kSmtps))
    return parse_located(text.substr(kSmtps.size()), Server::Form::smtps, kSmtpsPort);
  if (text::starts_with_ignoring_case(text, kSubmission))
    return parse_located(text.substr(kSubmission.size()), Server::Form::submission, kSubmissionPort);
  if (text.find("://") != std::string_view::npos)
    return reject(fmt::format("{} has a form that is not known", shown(text)), kServerForms);
  const auto parts = split_port(text);
  if (parts.has_port && !IpAddress::parse(text))
    return reject(fmt::format("{} has a port but doesn't say how TLS begins there", shown(text)),
                  fmt::format("write smtps://{0} (TLS at once) or submission://{0} (STARTTLS)",
                              text::printable(text, 60)));
  auto host = parse_server_host(text);
  if (!host) return std::unexpected(host.error());
  return Server{.form = Server::Form::ladder, .host = *host, .port = 0};
}

Parsed<ListenAddress> parse_listen_address(std::string_view text) {
  constexpr std::string_view kSystemd = "systemd:";
  if (text.starts_with(kSystemd)) {
    auto name = parse_name(text.substr(kSystemd.size()));
    if (!name)
      return reject(name.error().finding, "write systemd:NAME, with the socket unit's FileDescriptorName");
    return PassedSocket{std::move(*name)};
  }
  if (number(text)) return reject(fmt::format("{} is a port without an address", shown(text)), kListenForms);
  if (const auto address = IpAddress::parse(text)) return SocketAddress{*address, kSmtpPort};
  const auto parts = split_port(text);
  const bool bracketed = in_brackets(parts.host);
  const auto address = IpAddress::parse(bracketed ? parts.host.substr(1, parts.host.size() - 2) : parts.host);
  if (!address) return reject(fmt::format("{} does not name an IP address", shown(text)), kListenForms);
  if (!bracketed && parts.host.find(':') != std::string_view::npos)
    return reject(fmt::format("the IPv6 address in {} stands without brackets", shown(text)), kListenForms);
  if (!parts.has_port) return SocketAddress{*address, kSmtpPort};
  const auto port = port_number(parts.port);
  if (!port)
    return reject(fmt::format("the port {} is not a number from 1 to 65535", shown(parts.port)),
                  kListenForms);
  return SocketAddress{*address, *port};
}

Parsed<std::string> parse_name(std::string_view text) {
  constexpr std::string_view kCure = "use letters, digits, '-', '_' and '.', at most 40 of them";
  if (text.empty()) return reject("the name is missing", kCure);
  if (text.size() > kMaxName) return reject(fmt::format("the name {} is too long", shown(text)), kCure);
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; };
  if (!std::ranges::all_of(text, allowed))
    return reject(fmt::format("the name {} holds a character that is not allowed", shown(text)), kCure);
  return std::string(text);
}

}  // namespace homeward::conf
