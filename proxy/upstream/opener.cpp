#include "proxy/upstream/opener.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/net/faults.hpp"

namespace homeward::upstream {
namespace {

/// What a client may read has to fit a few reply lines.
constexpr std::size_t kMaxCause = 800;

/// While nothing was handed over yet, all of these are one thing: a server that can't be reached
/// (product.md 3, the first row).
Error while_connecting(Error error) {
  switch (error.fault) {
    case Fault::network:
    case Fault::timeout:
    case Fault::protocol:
    case Fault::refused:
      error.reply.enhanced = {4, 4, 1};
      break;
    case Fault::dns:
    case Fault::tls:
    case Fault::login:
    case Fault::client:
    case Fault::local:
    case Fault::canceled:
      break;
  }
  return error;
}

}  // namespace

Error named(const conf::AccountConfig& account, const std::string& host, Error error) {
  error.reply.text = fmt::format("{} ({}): {}", account.name(), host, error.reply.text);
  return error;
}

net::Task<std::unique_ptr<Connection>> Opener::open(Target target) {
  const auto& account = *target.account;
  auto tls = tls_of(account);
  if (!tls) co_return std::unexpected(named(account, account.servers.front().host, std::move(tls.error())));
  std::optional<Error> failure;
  for (const auto& endpoint : endpoints_of(account.servers)) {
    auto connection = co_await Connection::open(services_, {target.config, target.account, endpoint, *tls});
    if (connection) co_return std::move(*connection);
    auto error = while_connecting(std::move(connection.error()));
    log::warning("upstream.failed", {{"account", account.name()},
                                     {"server", fmt::format("{}:{}", endpoint.host, endpoint.port)},
                                     {"fault", std::string(to_string(error.fault))},
                                     {"cause", error.detail.empty() ? error.reply.text : error.detail}});
    if (error.fault == Fault::canceled) co_return std::unexpected(std::move(error));
    if (error.fault == Fault::login)
      co_return std::unexpected(named(account, endpoint.host, std::move(error)));
    if (!failure) {
      failure = named(account, endpoint.host, std::move(error));
      continue;
    }
    // Several causes: all are told; a TLS fault is the one that a person has to know of first.
    if (error.fault == Fault::tls) failure->reply.enhanced = error.reply.enhanced;
    if (failure->reply.text.size() < kMaxCause) failure->reply.text += "; " + error.reply.text;
  }
  co_return std::unexpected(std::move(*failure));
}

Result<net::TlsContext> Opener::tls_of(const conf::AccountConfig& account) {
  const net::TlsSettings settings{
      .floor = account.tls_min == conf::TlsVersion::tls_1_3 ? net::TlsFloor::tls_1_3 : net::TlsFloor::tls_1_2,
      .ca_file = account.tls_ca,
      .pins = account.tls_pins,
      .certificate = account.tls_certificate,
      .key = account.tls_key};
  const auto key = settings.fingerprint();
  if (const auto found = contexts_.find(key); found != contexts_.end()) return found->second;
  auto context = net::TlsContext::client(settings);
  if (context) contexts_.emplace(key, *context);
  return context;
}

}  // namespace homeward::upstream
