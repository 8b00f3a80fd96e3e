// HTTP CONNECT as a client: RFC 9110 §9.3.6, RFC 9112 (the form on the wire), with a login by RFC 7617
// (Basic).
#pragma once

#include "proxy/base/proxy_server.hpp"
#include "proxy/net/proxy_dialog.hpp"

namespace homeward::net {

class ConnectDialog final : public ProxyDialog {
 public:
  static constexpr std::size_t kMostHeader = 8192;  ///< of one answer, to its blank line

  /// `proxy` must outlive it.
  ConnectDialog(const ProxyServer& proxy, ProxyDestination destination);

  ProxyStep start() override;
  ProxyStep on_bytes(std::string_view bytes) override;

 private:
  ProxyStep on_header();
  ProxyStep refused(int status, const std::string& reason) const;
  std::string login_cure() const;
  std::size_t safe_octets() const;
  ProxyStep fail(const std::string& why) const;

  const ProxyServer& proxy_;
  ProxyDestination destination_;
  std::string header_;
  int interim_ = 0;
};

}  // namespace homeward::net
