// SOCKS 5 as a client: RFC 1928, with user and password by RFC 1929. A host name is the proxy's to look up.
#pragma once

#include "proxy/base/proxy_server.hpp"
#include "proxy/net/proxy_dialog.hpp"

namespace homeward::net {

class SocksDialog final : public ProxyDialog {
 public:
  /// `proxy` must outlive it.
  SocksDialog(const ProxyServer& proxy, ProxyDestination destination);

  ProxyStep start() override;
  ProxyStep on_bytes(std::string_view bytes) override;

 private:
  enum class State : std::uint8_t { method, login, reply, bound_length, bound };

  ProxyStep on_method();
  ProxyStep on_login();
  ProxyStep on_reply();
  ProxyStep send_login();
  ProxyStep send_request();
  ProxyStep expect(State state, std::size_t octets, Secret send = {});
  ProxyStep fail(const std::string& why) const;

  const ProxyServer& proxy_;
  ProxyDestination destination_;
  State state_ = State::method;
  std::size_t wanted_ = 0;
  std::string got_;  // of the answer that is being read
};

}  // namespace homeward::net
