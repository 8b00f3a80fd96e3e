#include "proxy/upstream/opener.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/upstream/ladder_race.hpp"
#include "proxy/upstream/network_name.hpp"

namespace homeward::upstream {
namespace {

/// Each port of each server would fail alike, or count it as one more wrong password.
bool ends_at_once(Fault fault) {
  return fault == Fault::login || fault == Fault::local || fault == Fault::canceled;
}

Day today() {
  return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()).time_since_epoch().count();
}

bool is_ladder(const conf::Server& server) {
  return server.form == conf::Server::Form::ladder;
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
  const auto directory = target.config->state_directory;
  (void)co_await memory_.open(directory);
  auto connection = co_await open_any({std::move(target.config), target.account, {}, std::move(*tls)});
  if (connection || connection.error().fault != Fault::canceled) co_await memory_.save(directory);
  co_return connection;
}

net::Task<std::unique_ptr<Connection>> Opener::open_any(const OpenRequest& request) {
  std::vector<PortFailure> failures;
  for (const auto& server : request.account->servers) {
    auto connection = co_await open_server(request, server, failures);
    if (!connection || *connection) co_return connection;
  }
  co_return std::unexpected(gathered(request.account->name(), failures));
}

/// Null where each port failed; an error where no other server is to be tried.
net::Task<std::unique_ptr<Connection>> Opener::open_server(const OpenRequest& request,
                                                           const conf::Server& server,
                                                           std::vector<PortFailure>& failures) {
  const auto network = is_ladder(server) ? current_network() : NetworkName{};
  const auto known = is_ladder(server) ? memory_.now().port_of(network, server.host) : std::nullopt;
  LadderRace race(services_, request, endpoints_of(server, known));
  std::unique_ptr<Connection> opened;
  for (bool is_over = false; !is_over;) {
    auto reached = co_await race.next();
    if (!reached) co_return std::unexpected(std::move(reached.error()));
    if (!*reached) break;
    auto login = co_await log_in(request, server, **reached);
    if (login) {
      remember(request, server, **reached, *login);
      opened = std::move(*reached);
      break;
    }
    if (ends_at_once(login.error().fault)) co_return std::unexpected(std::move(login.error()));
    // Whatever became of it, the password has been there: the server's other ports are no other server.
    is_over = true;
    race.fail_winner(std::move(login.error()));
  }
  for (const auto& failure : race.failures()) {
    if (failure.endpoint.port == known) memory_.now().forget_port(network, server.host);
  }
  std::ranges::copy(race.failures(), std::back_inserter(failures));
  co_return opened;
}

/// Errors that end it all name account and server.
net::Task<std::string> Opener::log_in(const OpenRequest& request, const conf::Server& server,
                                      Connection& connection) {
  auto pass = co_await gate_.enter({request.config, request.account});
  if (!pass) {
    connection.close();
    co_return std::unexpected(std::move(pass.error()));
  }
  auto login = co_await connection.log_in(services_, request);
  if (login) {
    pass->worked();
    co_return login;
  }
  auto& error = login.error();
  if (ends_at_once(error.fault)) error = named(*request.account, server.host, std::move(error));
  if (error.fault == Fault::login) pass->refused(error);
  if (connection.usable()) co_await connection.quit();
  co_return login;
}

void Opener::remember(const OpenRequest& request, const conf::Server& server, const Connection& connection,
                      const std::string& mechanism) {
  const auto& account = *request.account;
  auto& memory = memory_.now();
  if (is_ladder(server)) {
    // Read again: now that packets have gone through the gateway, its hardware address is known.
    const auto here = current_network();
    if (connection.endpoint() == endpoints_of(server).front()) {
      memory.forget_port(here, server.host);  // the first one is tried first anyway
    } else {
      memory.port_worked(here, server.host, connection.endpoint().port);
    }
  }
  if (!connection.tls()) return;
  const Strength now{connection.tls()->version, mechanism};
  const auto before = memory.logged_in(account.name(), server.host, now, account.mechanisms.empty(), today());
  if (before) {
    log::warning("upstream.weaker", {{"account", account.name()},
                                     {"server", server.host},
                                     {"now", now.to_string()},
                                     {"before", before->to_string()}});
  }
}

void Opener::reloaded() {
  contexts_.clear();
  memory_.now().forget_troubles();
}

Result<net::TlsContext> Opener::tls_of(const conf::AccountConfig& account) {
  const net::TlsSettings settings{
      .floor = account.tls_min == conf::TlsVersion::tls_1_3 ? net::TlsFloor::tls_1_3 : net::TlsFloor::tls_1_2,
      .ca_file = account.tls_ca,
      .pins = {account.tls_pins.begin(), account.tls_pins.end()},
      .certificate = account.tls_certificate,
      .key = account.tls_key};
  const auto fingerprint = settings.fingerprint();
  if (const auto found = contexts_.find(fingerprint); found != contexts_.end()) return found->second;
  auto context = net::TlsContext::client(settings);
  if (context) contexts_.emplace(fingerprint, *context);
  return context;
}

}  // namespace homeward::upstream
