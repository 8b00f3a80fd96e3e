// A link with a round trip: what comes on one side leaves on the other half a round trip later, in order,
// each connection for itself. Opening a TCP connection costs a round trip more, though the kernel made it at
// once: the server sees it after 1.5 round trips (SYN, its answer, then the client's first octets or ACK),
// and what the client sent before a real network would have let it (within the first round trip) counts as
// sent at its end. So the greeting arrives after 2 round trips, and so does the answer to a ClientHello, as
// on a real network. Not modelled: bandwidth, loss, and the slow start of TCP.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>

namespace bench {

namespace asio = boost::asio;

/// Carries both directions between `client` and a new connection to `server` until both have ended.
asio::awaitable<void> carry_delayed(asio::ip::tcp::socket client, asio::ip::tcp::endpoint server,
                                    std::chrono::milliseconds round_trip);

}  // namespace bench
