// The lines of an EHLO answer, one keyword each. RFC 5321 §4.1.1.1, RFC 1870 §4, RFC 4954 §3.
#include "proxy/smtp/capabilities.hpp"

#include <algorithm>
#include <charconv>

#include "proxy/base/text.hpp"

namespace homeward::smtp {

namespace {

/// More than any server has; keeps a hostile list from costing time.
constexpr std::size_t kMaxMechanisms = 64;
constexpr std::size_t kMaxMechanismName = 20;  // RFC 4422 §3.1

bool is_mechanism_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= kMaxMechanismName && std::ranges::all_of(name, allowed);
}

void add_mechanisms(std::vector<std::string>& mechanisms, std::string_view list) {
  for (const auto word : text::split(list, ' ')) {
    if (mechanisms.size() == kMaxMechanisms) return;
    auto name = text::to_upper(word);
    if (is_mechanism_name(name) && std::ranges::find(mechanisms, name) == mechanisms.end()) {
      mechanisms.push_back(std::move(name));
    }
  }
}

/// 0, no number, and one that no message reaches are all "no limit known".
std::optional<std::uint64_t> parse_size_limit(std::string_view argument) {
  std::uint64_t limit = 0;
  const auto* end = argument.data() + argument.size();
  const auto [stop, failure] = std::from_chars(argument.data(), end, limit);
  if (failure != std::errc{} || stop != end || limit == 0) return std::nullopt;
  return limit;
}

void read_line(Capabilities& capabilities, std::string_view line) {
  line = text::trim(line);
  const auto end = std::min(line.find_first_of(" ="), line.size());
  const auto keyword = text::to_upper(line.substr(0, end));
  const auto argument = text::trim(line.substr(std::min(end + 1, line.size())));
  // Only AUTH was ever written with "="; anything else so written is not the keyword it looks like.
  if (end < line.size() && line[end] == '=' && keyword != "AUTH") return;

  if (keyword == "PIPELINING") capabilities.pipelining = true;
  if (keyword == "8BITMIME") capabilities.eight_bit_mime = true;
  if (keyword == "ENHANCEDSTATUSCODES") capabilities.enhanced_status_codes = true;
  if (keyword == "STARTTLS") capabilities.start_tls = true;
  if (keyword == "CHUNKING") capabilities.chunking = true;
  if (keyword == "DSN") capabilities.dsn = true;
  if (keyword == "SMTPUTF8") capabilities.smtp_utf8 = true;
  if (keyword == "AUTH") add_mechanisms(capabilities.auth_mechanisms, argument);
  if (keyword == "SIZE") {
    capabilities.size = true;
    capabilities.size_limit = parse_size_limit(argument);
  }
}

}  // namespace

Capabilities parse_capabilities(const Reply& ehlo_reply) {
  Capabilities capabilities;
  if (ehlo_reply.code != 250) return capabilities;
  capabilities.esmtp = true;
  // The first line is the server's name and greeting, whatever words it holds.
  for (std::size_t i = 1; i < ehlo_reply.lines.size(); ++i) read_line(capabilities, ehlo_reply.lines[i]);
  return capabilities;
}

}  // namespace homeward::smtp
