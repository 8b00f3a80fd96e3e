// How a connection is opened: dialing, TLS, EHLO, login.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "auth/mechanism_choice.hpp"
#include "auth/secret_source.hpp"
#include "proxy/base/log.hpp"
#include "proxy/net/dialer.hpp"
#include "proxy/net/handshake_fault.hpp"
#include "proxy/net/tls_stream.hpp"
#include "proxy/smtp/client_dialog.hpp"
#include "proxy/upstream/connection.hpp"
#include "proxy/upstream/login_dialog.hpp"

namespace homeward::upstream {
namespace {

auth::SaslIdentity identity_of(const conf::AccountConfig& account, const Endpoint& endpoint,
                               const std::optional<net::TlsFacts>& tls, Secret password) {
  auth::SaslIdentity identity{endpoint.host, account.login, account.authorization, std::move(password),
                              std::nullopt};
  if (tls && !tls->binding_type.empty()) {
    identity.binding = auth::ChannelBinding{tls->binding_type, tls->binding_data};
  }
  return identity;
}

/// In clear, before TLS, a web page in place of SMTP is the network's doing.
Error portal_error(const Endpoint& endpoint, Error met) {
  auto told = net::explain_no_tls(met.detail, endpoint.host, endpoint.port);
  if (!told) return met;
  auto error = make_error(Fault::tls, 451, {4, 7, 5}, std::move(*told));
  error.detail = fmt::format("{} (it said: {})", error.reply.text, met.detail);
  return error;
}

std::chrono::milliseconds left_until(std::chrono::steady_clock::time_point due) {
  const auto left = due - std::chrono::steady_clock::now();
  return std::max(std::chrono::milliseconds{1}, std::chrono::duration_cast<std::chrono::milliseconds>(left));
}

}  // namespace

/// All of it within `connect_timeout`: a server that drips each step out is one that can't be reached.
net::Task<std::unique_ptr<Connection>> Connection::reach(ConnectionServices& services, OpenRequest request) {
  const auto& account = *request.account;
  const auto due = std::chrono::steady_clock::now() + account.connect_timeout;
  auto stream = co_await net::dial(services.executor, services.resolver,
                                   {request.endpoint.host, request.endpoint.port, account.proxy},
                                   account.connect_timeout);
  if (stream && request.endpoint.security == Security::implicit_tls) {
    stream =
        co_await net::tls_connect(std::move(*stream), request.tls, request.endpoint.host, left_until(due));
  }
  if (!stream) co_return std::unexpected(std::move(stream.error()));
  auto connection =
      std::make_unique<Connection>(std::move(*stream), request.endpoint, account.connect_timeout);
  if (auto done = co_await connection->greet(request, due); !done) {
    co_return std::unexpected(std::move(done.error()));
  }
  co_return std::move(connection);
}

/// From the greeting to an EHLO inside TLS: carries out what ClientDialog says.
net::Task<void> Connection::greet(const OpenRequest& request, std::chrono::steady_clock::time_point due) {
  const bool start_tls = endpoint_.security == Security::start_tls;
  smtp::ClientDialog dialog({request.config->hostname, endpoint_.host, start_tls});
  smtp::ClientAction action = dialog.start();
  while (!std::holds_alternative<smtp::Ready>(action)) {
    if (auto* give_up = std::get_if<smtp::GiveUp>(&action)) {
      if (give_up->error.fault == Fault::refused) co_await quit();
      co_return std::unexpected(broken(std::move(give_up->error)));
    }
    if (std::holds_alternative<smtp::BeginTls>(action)) {
      auto secured =
          co_await net::tls_connect(std::move(stream_), request.tls, endpoint_.host, left_until(due));
      if (!secured) {
        usable_ = false;
        co_return std::unexpected(std::move(secured.error()));
      }
      stream_ = std::move(*secured);
      parser_.clear();
      action = dialog.on_tls_up();
      continue;
    }
    if (const auto* command = std::get_if<smtp::SendCommand>(&action)) {
      if (auto sent = co_await write(command->line); !sent)
        co_return std::unexpected(std::move(sent.error()));
    }
    auto reply = co_await read_reply(left_until(due));
    if (!reply) {
      co_return std::unexpected(stream_->tls() || !parser_.met_web_page()
                                    ? std::move(reply.error())
                                    : portal_error(endpoint_, std::move(reply.error())));
    }
    action = dialog.on_reply(*reply, parser_.buffered());
  }
  capabilities_ = dialog.capabilities();
  co_return Result<void>{};
}

net::Task<std::string> Connection::log_in(ConnectionServices& services, const OpenRequest& request) {
  const auto& account = *request.account;
  if (!account.wants_login()) {
    reply_timeout_ = account.reply_timeout;
    co_return std::string();
  }
  reply_timeout_ = account.connect_timeout;  // it is part of getting there
  auto mechanisms =
      auth::choose_mechanisms({.offered = capabilities_.auth_mechanisms,
                               .available = services.sasl_mechanisms,
                               .wanted = account.mechanisms,
                               .channel_binding = stream_->tls() && !stream_->tls()->binding_type.empty()});
  if (!mechanisms) co_return std::unexpected(broken(std::move(mechanisms.error())));
  auto password = co_await services.offload.run<Result<Secret>>(
      [source = account.password] { return auth::fetch_password(source); });
  if (!password) co_return std::unexpected(broken(std::move(password.error())));

  LoginDialog dialog(identity_of(account, endpoint_, stream_->tls(), std::move(*password)),
                     std::move(*mechanisms));
  // SCRAM derives keys for as long as the server asks: not on the network thread.
  auto action = co_await services.offload.run<LoginAction>([&dialog] { return dialog.start(); });
  while (auto* send = std::get_if<SendSecret>(&action)) {
    if (auto sent = co_await write(send->line.reveal()); !sent)
      co_return std::unexpected(std::move(sent.error()));
    auto reply = co_await read_reply(reply_timeout_);
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    action = co_await services.offload.run<LoginAction>([&] { return dialog.on_reply(*reply); });
  }
  if (auto* failed = std::get_if<LoginFailed>(&action)) co_return std::unexpected(std::move(failed->error));
  reply_timeout_ = account.reply_timeout;
  auto& mechanism = std::get<LoggedIn>(action).mechanism;
  log::debug("upstream.login", {{"account", account.name()},
                                {"server", fmt::format("{}:{}", endpoint_.host, endpoint_.port)},
                                {"mechanism", mechanism},
                                {"tls", stream_->tls()->version}});
  co_return std::move(mechanism);
}

}  // namespace homeward::upstream
