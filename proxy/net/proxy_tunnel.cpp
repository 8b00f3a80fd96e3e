#include "proxy/net/proxy_tunnel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/net/connect_dialog.hpp"
#include "proxy/net/faults.hpp"
#include "proxy/net/socks_dialog.hpp"

namespace homeward::net {
namespace {

std::unique_ptr<ProxyDialog> dialog_with(const ProxyServer& proxy, ProxyDestination destination) {
  if (proxy.kind == ProxyServer::Kind::socks5)
    return std::make_unique<SocksDialog>(proxy, std::move(destination));
  return std::make_unique<ConnectDialog>(proxy, std::move(destination));
}

/// "…: reading: no answer in time", with the proxy named in front.
Error at_proxy(const std::string& what, Error error) {
  if (error.fault == Fault::canceled) return error;
  error.reply.enhanced = {4, 4, 1};
  error.reply.text = fmt::format("{}: {}", what, error.reply.text);
  return error;
}

}  // namespace

Task<void> open_tunnel(Stream& stream, std::shared_ptr<const ProxyServer> proxy, ProxyDestination destination,
                       std::chrono::milliseconds timeout) {
  const auto what = fmt::format("the proxy {} port {} (for {} port {})", proxy->host, proxy->port,
                                destination.host, destination.port);
  const auto dialog = dialog_with(*proxy, std::move(destination));
  stream.expires_after(timeout);
  std::array<char, 256> buffer{};
  auto step = dialog->start();
  while (step && step->read_at_most > 0) {
    if (!step->send.empty()) {
      if (auto sent = co_await stream.write(step->send.reveal()); !sent)
        co_return std::unexpected(at_proxy(what, std::move(sent.error())));
    }
    const auto room = std::min(buffer.size(), step->read_at_most);
    auto count = co_await stream.read_some(std::span(buffer).first(room));
    if (!count) co_return std::unexpected(at_proxy(what, std::move(count.error())));
    if (*count == 0) co_return std::unexpected(at_proxy(what, closed_error("reading")));
    step = dialog->on_bytes({buffer.data(), *count});
  }
  stream.expires_never();
  if (!step) co_return std::unexpected(std::move(step.error()));
  co_return Result<void>{};
}

}  // namespace homeward::net
