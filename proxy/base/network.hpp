// IP addresses and networks as values, for access lists and routes. No sockets here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace homeward {

/// An IPv4 or IPv6 address; an IPv4-mapped IPv6 address is the IPv4 address it stands for.
class IpAddress {
 public:
  IpAddress() = default;
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress from_v4(const std::array<std::uint8_t, 4>& bytes);
  static IpAddress from_v6(const std::array<std::uint8_t, 16>& bytes);

  bool is_v4() const { return v4_; }
  bool is_loopback() const;
  bool is_unspecified() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  bool v4_ = false;
  std::array<std::uint8_t, 16> bytes_{};  // IPv4: the first four
};

/// ADDRESS/BITS, or one address. Bits beyond the mask are an error ("10.0.0.1/8"), as they hide a slip.
class Network {
 public:
  static std::optional<Network> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  /// True where every address of the network is loopback.
  bool is_loopback() const;
  bool is_everything() const { return bits_ == 0; }
  std::string to_string() const;

  bool operator==(const Network&) const = default;

 private:
  IpAddress address_;
  unsigned bits_ = 0;
};

bool any_contains(const std::vector<Network>& networks, const IpAddress& address);

}  // namespace homeward
