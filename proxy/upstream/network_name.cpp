#include "proxy/upstream/network_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <vector>

#include "proxy/net/digest.hpp"

namespace homeward::upstream {
namespace {

/// Of a machine with a whole routing table, this much is looked at; the default route stands first.
constexpr std::size_t kMaxOctets = 64 * 1024;
constexpr std::uint64_t kRejects = 0x200;  // RTF_REJECT: "unreachable"

using Words = std::vector<std::string_view>;

struct Gateway {
  std::string interface;
  std::string address;  // as the kernel writes it, in hexadecimal
  std::uint64_t metric = 0;
};

Words words_of(std::string_view line) {
  Words words;
  while (true) {
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

template <class Take>
void for_each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    take(words_of(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::optional<std::uint64_t> number(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (fault != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

bool is_zero(std::string_view digits) {
  return !digits.empty() && digits.find_first_not_of('0') == std::string_view::npos;
}

void prefer(std::optional<Gateway>& best, Gateway other) {
  if (!best || other.metric < best->metric) best = std::move(other);
}

// Iface Destination Gateway Flags RefCnt Use Metric Mask …
std::optional<Gateway> default_gateway(std::string_view route) {
  std::optional<Gateway> best;
  for_each_line(route, [&best](const Words& words) {
    if (words.size() < 8 || !is_zero(words[1]) || !is_zero(words[7])) return;
    const auto flags = number(words[3], 16);
    const auto metric = number(words[6], 10);
    if (!flags || (*flags & kRejects) != 0 || !metric) return;
    prefer(best, {std::string(words[0]), std::string(words[2]), *metric});
  });
  return best;
}

// destination length source length next-hop metric refcount use flags device
std::optional<Gateway> default_gateway6(std::string_view route) {
  std::optional<Gateway> best;
  for_each_line(route, [&best](const Words& words) {
    if (words.size() < 10 || !is_zero(words[0]) || !is_zero(words[1])) return;
    const auto metric = number(words[5], 16);
    const auto flags = number(words[8], 16);
    if (!flags || (*flags & kRejects) != 0 || !metric) return;
    prefer(best, {std::string(words[9]), std::string(words[4]), *metric});
  });
  return best;
}

/// "0101A8C0", an address in the machine's own order of octets, as "192.168.1.1".
std::string dotted(std::string_view hex) {
  const auto value = number(hex, 16);
  if (!value || hex.size() != 8) return {};
  const auto address = static_cast<std::uint32_t>(*value);
  std::array<std::uint8_t, 4> octets{};
  static_assert(sizeof address == sizeof octets);
  std::memcpy(octets.data(), &address, sizeof address);
  return fmt::format("{}.{}.{}.{}", octets[0], octets[1], octets[2], octets[3]);
}

// IP-address HW-type flags HW-address mask device
std::string hardware_address(std::string_view arp, const Gateway& gateway) {
  const auto wanted = dotted(gateway.address);
  std::string found;
  for_each_line(arp, [&](const Words& words) {
    if (words.size() < 6 || words[0] != wanted || words[5] != gateway.interface) return;
    if (words[3].find_first_not_of("0:") != std::string_view::npos) found = words[3];
  });
  return found;
}

std::string digest_of(const std::string& text) {
  net::Digest digest;
  digest.update(text);
  std::string hex;
  for (const char octet : digest.finish().substr(0, 8)) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(octet));
  }
  return hex;
}

std::string read_some(const char* path) {
  std::string text(kMaxOctets, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

}  // namespace

NetworkName network_name_of(std::string_view route, std::string_view ipv6_route, std::string_view arp) {
  const auto gateway = default_gateway(route);
  const auto gateway6 = default_gateway6(ipv6_route);
  std::string gateways;
  for (const auto& one : {gateway, gateway6}) {
    gateways += one ? fmt::format("{} {}\n", one->interface, one->address) : "none\n";
  }
  const auto hardware = gateway ? hardware_address(arp, *gateway) : std::string();
  return {digest_of(gateways), hardware.empty() ? "-" : digest_of(hardware)};
}

NetworkName current_network() {
  return network_name_of(read_some("/proc/self/net/route"), read_some("/proc/self/net/ipv6_route"),
                         read_some("/proc/self/net/arp"));
}

}  // namespace homeward::upstream
