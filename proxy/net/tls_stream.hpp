// TLS over a plain stream, from either side. tls_stream.cpp is the one file that instantiates ssl::stream.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "proxy/net/stream.hpp"
#include "proxy/net/tls_context.hpp"

namespace homeward::net {

/// Handshake as a client: SNI, chain, validity, serverAuth, and `host` against the certificate's SAN (a DNS
/// name or an IP address; never CN, never a partial wildcard). RFC 9525, RFC 6066 §3. Resumes a session that
/// the context keeps of this host and port, where there is one; where the server won't, it is a full
/// handshake. Errors: tls 451 4.7.5 with the reason in plain words; network, timeout.
Task<std::unique_ptr<Stream>> tls_connect(std::unique_ptr<Stream> plain, TlsContext context, std::string host,
                                          std::chrono::milliseconds timeout);

/// Handshake as a server.
Task<std::unique_ptr<Stream>> tls_accept(std::unique_ptr<Stream> plain, TlsContext context,
                                         std::chrono::milliseconds timeout);

}  // namespace homeward::net
