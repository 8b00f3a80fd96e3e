// The forms of values that say how a server is reached and known: proxies and the pins of public keys.
// Each parser takes one value as written (trimmed). Called by the setters of schema.cpp.
#pragma once

#include <memory>
#include <string_view>

#include "conf/values.hpp"
#include "proxy/base/proxy_server.hpp"

namespace homeward::conf {

/// `socks5://[user:password@]host[:1080]` (socks5h:// means the same here),
/// `http://[user:password@]host[:3128]`; `none` is nullptr. User and password may be percent-encoded (RFC
/// 3986 §2.1); an IPv6 address stands in brackets. A finding never shows the password.
Parsed<std::shared_ptr<const ProxyServer>> parse_proxy(std::string_view text);
/// True where a proxy's value holds a password, so that its file must be closed to others.
bool proxy_holds_password(std::string_view text);

/// 32 octets in base64 or in hex, with or without colons; "sha256:" or "sha256//" may stand in front.
Parsed<TlsPin> parse_pin(std::string_view text);

}  // namespace homeward::conf
