// SocketOwner: which user of this machine opened the other end of a loopback connection. Asked of the kernel
// by netlink (sock_diag(7), one exact question), and where that is refused read from /proc/self/net/tcp and
// tcp6 (proc(5)). Called by frontend/local_owner, off the network thread.
//
// The kernel names no owner for an end that its process has closed: it says user 0. Such an end, and one that
// is not a whole connection any more, has no owner here: nobody becomes root by closing early.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proxy/base/network.hpp"
#include "proxy/base/result.hpp"

namespace homeward::net {

/// Both ends of a TCP connection within this machine, as the side that accepted it sees them.
struct ConnectionEnds {
  IpAddress client;
  std::uint16_t client_port = 0;
  IpAddress server;
  std::uint16_t server_port = 0;
};

/// The user id that the client's socket belongs to. Blocks for a moment.
/// Error: local, where there is no such connection (any more), or neither way tells; for people.
Result<std::uint32_t> socket_owner(const ConnectionEnds& ends);

/// The same, from /proc alone.
Result<std::uint32_t> socket_owner_from_tables(const ConnectionEnds& ends);

/// What the kernel says of one socket.
struct SocketFacts {
  std::uint8_t state = 0;  ///< TCP_ESTABLISHED and so on
  std::uint32_t user = 0;
  std::uint64_t inode = 0;  ///< 0: no process has it open
};

/// Pure parts, for tests. A datagram of netlink that answers the question numbered `sequence`:
/// error as above, with fault `protocol` where it is no answer to it.
Result<SocketFacts> parse_answer(std::span<const char> datagram, std::uint32_t sequence);
/// The row of a table as /proc has it; nothing found is an error.
Result<SocketFacts> find_row(std::string_view table, const ConnectionEnds& ends);
/// The owner, where the state and inode show that somebody has it open.
Result<std::uint32_t> owner_of(const SocketFacts& facts);

}  // namespace homeward::net
