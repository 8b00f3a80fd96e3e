// Memory: what worked where. On which port of a host this network lets us through, and how strong a login
// each account's server has offered before. Pure, with bounds; stored_memory reads and writes the file.
// product.md 6 "Memory" and "The ladder".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/upstream/network_name.hpp"

namespace homeward::upstream {

/// How a login was protected.
struct Strength {
  std::string tls;        ///< "TLSv1.3"
  std::string mechanism;  ///< "" where the account has no login

  std::string to_string() const;
  bool operator==(const Strength&) const = default;
};

/// Days since 1970.
using Day = std::int64_t;

class Memory {
 public:
  static constexpr std::size_t kMaxPorts = 256;
  static constexpr std::size_t kMaxServers = 1024;
  static constexpr std::size_t kMaxText = 1024UL * 1024;
  /// What was weaker for so long is how it is now.
  static constexpr Day kForgetAfter = 30;

  /// The port of `host` that worked on this network last. Where a gateway's hardware address is not known,
  /// the same gateways will do.
  std::optional<std::uint16_t> port_of(const NetworkName& network, const std::string& host) const;
  void port_worked(const NetworkName& network, const std::string& host, std::uint16_t port);
  /// Forgets the port that port_of() gives.
  void forget_port(const NetworkName& network, const std::string& host);

  /// A login of `account` at `host` worked. The strongest before, where this one is weaker and that was not
  /// told yet. Where the mechanism was not ours to choose (`mechanisms` is set), TLS alone is compared.
  std::optional<Strength> logged_in(const std::string& account, const std::string& host, const Strength& now,
                                    bool is_choice_ours, Day today);
  /// One sentence for each account whose last login was weaker than before.
  std::vector<std::string> troubles() const;
  /// Settings changed: what is weaker now may be meant, and is told again where it still is.
  void forget_troubles();

  /// One fact a line, fields apart by tabs, behind a line that names the form and its version.
  std::string to_text() const;
  /// Lines that are none of ours are left out; of a text of another form or version, all. `false` then.
  bool from_text(std::string_view text);

  /// True once for each time that to_text() would give something else.
  bool take_changed() { return std::exchange(changed_, false); }

 private:
  struct Port {
    NetworkName network;
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const Port&) const = default;
  };
  struct Server {
    Strength strongest;
    Day seen = 0;                    ///< when a login was that strong last
    std::optional<Strength> weaker;  ///< the last login, where it was told
  };
  using ServerKey = std::pair<std::string, std::string>;  // account, host

  std::vector<Port>::const_iterator find_port(const NetworkName& network, const std::string& host) const;
  bool make_room_for_server(Day today);
  void read_line(std::string_view line);

  std::vector<Port> ports_;  // the oldest first
  std::map<ServerKey, Server> servers_;
  bool changed_ = false;
};

}  // namespace homeward::upstream
