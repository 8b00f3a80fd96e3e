#include "proxy/base/network.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace homeward {
namespace {

std::optional<unsigned> parse_bits(std::string_view digits) {
  unsigned bits = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (fault != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return bits;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.contains('\0')) return std::nullopt;  // inet_pton would read no further
  const std::string terminated(text);
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) return from_v4(four);
  std::array<std::uint8_t, 16> sixteen{};
  if (inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) return from_v6(sixteen);
  return std::nullopt;
}

IpAddress IpAddress::from_v4(const std::array<std::uint8_t, 4>& bytes) {
  IpAddress address;
  address.v4_ = true;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

IpAddress IpAddress::from_v6(const std::array<std::uint8_t, 16>& bytes) {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    return from_v4({bytes[12], bytes[13], bytes[14], bytes[15]});
  }
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.begin() + 15, [](auto b) { return b == 0; }) && bytes_[15] == 1;
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes_, [](auto b) { return b == 0; });
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

std::optional<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network network;
  network.address_ = *address;
  const unsigned width = address->is_v4() ? 32 : 128;
  network.bits_ = width;
  if (slash != std::string_view::npos) {
    const auto bits = parse_bits(text.substr(slash + 1));
    // An IPv4-mapped network counts its bits as IPv6 does: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
    const unsigned mapped = address->is_v4() && text.contains(':') ? 96 : 0;
    if (!bits || *bits < mapped || *bits - mapped > width) return std::nullopt;
    network.bits_ = *bits - mapped;
  }
  for (unsigned bit = network.bits_; bit < width; ++bit) {
    if ((address->bytes()[bit / 8] & (0x80U >> (bit % 8))) != 0) return std::nullopt;
  }
  return network;
}

bool Network::contains(const IpAddress& address) const {
  if (address.is_v4() != address_.is_v4()) return false;
  for (unsigned bit = 0; bit < bits_; ++bit) {
    const auto mask = 0x80U >> (bit % 8);
    if ((address.bytes()[bit / 8] & mask) != (address_.bytes()[bit / 8] & mask)) return false;
  }
  return true;
}

bool Network::is_loopback() const {
  return address_.is_loopback() && bits_ >= (address_.is_v4() ? 8U : 128U);
}

std::string Network::to_string() const {
  const unsigned width = address_.is_v4() ? 32 : 128;
  return bits_ == width ? address_.to_string() : fmt::format("{}/{}", address_.to_string(), bits_);
}

bool any_contains(const std::vector<Network>& networks, const IpAddress& address) {
  return std::ranges::any_of(networks, [&](const Network& n) { return n.contains(address); });
}

}  // namespace homeward
