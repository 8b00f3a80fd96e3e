#include "proxy/frontend/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/net/tcp_stream.hpp"

namespace homeward::frontend {
namespace {

using net::asio::awaitable;

constexpr std::chrono::milliseconds kRefusalTime{5000};
/// So many hear at the same time why they may not come in; more are closed without a word, so that those who
/// are no clients can't use up the descriptors.
constexpr std::size_t kMaxRefusals = 64;
/// Where the default listener goes when port 25 can't be had.
constexpr std::uint16_t kFallbackPort = 2525;

Error local_error(std::string text) {
  return make_error(Fault::local, 451, {4, 3, 5}, std::move(text));
}

const conf::Listener* find_listener(const conf::Config& config, const std::string& name) {
  const auto found = std::ranges::find(config.listeners, name, &conf::Listener::name);
  return found == config.listeners.end() ? nullptr : &*found;
}

/// An open relay can't be configured by accident: beyond loopback somebody must have said who may come.
bool admits_only_loopback(const conf::Listener& listener) {
  return std::ranges::all_of(listener.allow, &Network::is_loopback);
}

/// Both ends of a client on this machine; null where it went already, or is none.
std::unique_ptr<net::ConnectionEnds> loopback_ends(const net::asio::ip::tcp::socket& socket) {
  boost::system::error_code fault;
  const auto client = socket.remote_endpoint(fault);
  if (fault || !net::from_asio(client.address()).is_loopback()) return nullptr;
  const auto server = socket.local_endpoint(fault);
  if (fault) return nullptr;
  return std::make_unique<net::ConnectionEnds>(net::ConnectionEnds{
      net::from_asio(client.address()), client.port(), net::from_asio(server.address()), server.port()});
}

}  // namespace

Server::Server(net::Supervisor& listening, net::Supervisor& sessions, std::vector<PassedDescriptor> passed,
               MakeDelivery make_delivery)
    : listening_(listening),
      sessions_owner_(sessions),
      passed_(std::move(passed)),
      make_delivery_(std::move(make_delivery)) {}

Result<void> Server::apply(std::shared_ptr<const conf::Config> config) {
  config_ = std::move(config);
  close_what_is_gone();
  Result<void> outcome;
  if (config_->default_listener) return open_default(config_->listeners.front());
  for (const auto& listener : config_->listeners) {
    for (const auto& address : listener.addresses) {
      if (is_open(listener, address)) continue;
      if (auto opened = open(listener, address); !opened && outcome) outcome = std::move(opened);
    }
  }
  return outcome;
}

Result<void> Server::open(const conf::Listener& listener, const conf::ListenAddress& address) {
  if (const auto* passed = std::get_if<conf::PassedSocket>(&address))
    return open_passed(listener, passed->name);
  const auto& socket = std::get<conf::SocketAddress>(address);
  return add(listener, address, net::Listener::bind(listening_.executor(), socket.address, socket.port));
}

Result<void> Server::open_passed(const conf::Listener& listener, const std::string& name) {
  const conf::ListenAddress taken = conf::PassedSocket{name};
  bool found = false;
  for (auto& passed : passed_) {
    if (passed.name != name) continue;
    found = true;
    if (passed.descriptor < 0) continue;  // taken already
    auto socket = net::Listener::adopt(listening_.executor(), std::exchange(passed.descriptor, -1));
    if (socket && !socket->address().is_loopback() && admits_only_loopback(listener)) {
      return std::unexpected(local_error(fmt::format(
          "listener {}: the socket {} passed in listens on {}, beyond this machine: name the networks that "
          "may use it by `allow`",
          listener.name, name, socket->to_string())));
    }
    if (auto added = add(listener, taken, std::move(socket)); !added) return added;
  }
  if (std::ranges::any_of(open_, [&](const Open& entry) { return entry.address == taken; })) return {};
  if (found) {
    return std::unexpected(local_error(fmt::format(
        "listener {}: the socket {} passed in was closed when its listener went: restart homeward to have it "
        "again",
        listener.name, name)));
  }
  return std::unexpected(local_error(fmt::format(
      "listener {}: no socket named {} was passed in: set FileDescriptorName={} in the socket unit",
      listener.name, name, name)));
}

/// No listener is configured: the sockets passed in, else port 25 of both loopbacks, else port 2525.
Result<void> Server::open_default(const conf::Listener& listener) {
  if (!open_.empty()) return {};
  if (!passed_.empty()) {
    for (const auto& name : [this] {
           std::vector<std::string> names;
           for (const auto& passed : passed_) names.push_back(passed.name);
           return names;
         }()) {
      if (auto opened = open_passed(listener, name); !opened) return opened;
    }
    return {};
  }
  Result<void> outcome;
  for (const auto& address : listener.addresses) {
    auto opened = open(listener, address);
    if (!opened) {
      log::warning("listener.fallback",
                   {{"cause", opened.error().reply.text}, {"port", std::to_string(kFallbackPort)}});
      auto other = std::get<conf::SocketAddress>(address);
      other.port = kFallbackPort;
      opened = open(listener, other);
    }
    if (!opened) outcome = std::move(opened);
  }
  // A machine without IPv6 has one loopback; that is enough.
  return open_.empty() ? outcome : Result<void>{};
}

Result<void> Server::add(const conf::Listener& listener, const conf::ListenAddress& address,
                         Result<net::Listener> socket) {
  if (!socket) return std::unexpected(std::move(socket.error()));
  auto shared = std::make_shared<net::Listener>(std::move(*socket));
  log::info("listener.open", {{"listener", listener.name}, {"address", shared->to_string()}});
  open_.push_back({listener.name, address, shared});
  // The loop may have a client in hand when a reload closes the listener: what it calls keeps it alive.
  listening_.spawn("listener:" + listener.name,
                   shared->run([this, kept = shared, name = listener.name](auto client) {
                     accept(name, std::move(client));
                   }));
  return {};
}

bool Server::is_open(const conf::Listener& listener, const conf::ListenAddress& address) const {
  return std::ranges::any_of(
      open_, [&](const Open& entry) { return entry.listener == listener.name && entry.address == address; });
}

void Server::close_what_is_gone() {
  std::erase_if(open_, [this](const Open& entry) {
    const auto* listener = find_listener(*config_, entry.listener);
    const bool wanted = listener != nullptr &&
                        (config_->default_listener ||
                         std::ranges::find(listener->addresses, entry.address) != listener->addresses.end());
    if (!wanted) {
      log::info("listener.closed", {{"listener", entry.listener}, {"address", entry.socket->to_string()}});
      entry.socket->close();
    }
    return !wanted;
  });
}

void Server::accept(const std::string& name, net::asio::ip::tcp::socket socket) {
  net::tune(socket);
  auto ends = config_->asks_for_local_users() ? loopback_ends(socket) : nullptr;
  auto stream = net::make_tcp_stream(std::move(socket));
  const auto client = stream->peer();
  const auto* listener = find_listener(*config_, name);
  if (draining_ || listener == nullptr) return;  // it came while the listener was closing
  auto ticket = access_.admit(*config_, *listener, client);
  if (!ticket) {
    log::info("session.refused",
              {{"client", client.to_string()}, {"listener", name}, {"reply", ticket.error().reply.text}});
    if (refusals_ < kMaxRefusals)
      sessions_owner_.spawn("refusal", refuse(std::move(stream), ticket.error().reply));
    return;
  }
  auto session =
      std::make_unique<ClientSession>(SessionFacts{config_, name, listener->tolerate, client, &unread_},
                                      std::move(stream), make_delivery_(config_));
  sessions_owner_.spawn("session", serve(std::move(session), std::move(*ticket), std::move(ends)));
}

awaitable<void> Server::serve(std::unique_ptr<ClientSession> session, Access::Ticket ticket,
                              std::unique_ptr<net::ConnectionEnds> ends) {
  const auto place = sessions_.insert(sessions_.end(), session.get());
  std::exception_ptr escaped;
  try {
    if (ends) session->opened_by(co_await owners_.of(*std::exchange(ends, nullptr)));
    co_await session->run();
  } catch (...) {
    escaped = std::current_exception();
  }
  sessions_.erase(place);
  if (!escaped) co_return;
  const bool canceled =
      (co_await net::asio::this_coro::cancellation_state).cancelled() != net::asio::cancellation_type::none;
  if (!canceled) co_await session->apologise();
  std::rethrow_exception(escaped);  // the supervisor tells what it was
}

awaitable<void> Server::refuse(std::unique_ptr<net::Stream> stream, StatusReply reply) {
  const std::shared_ptr<void> counted(nullptr, [this](void*) { --refusals_; });
  ++refusals_;
  stream->expires_after(kRefusalTime);
  if (co_await stream->write(smtp::to_wire(smtp::make_reply(reply)))) co_await stream->shutdown();
}

void Server::report_unused_sockets() const {
  for (const auto& passed : passed_) {
    if (passed.descriptor < 0) continue;
    log::warning(
        "listener.unused_socket",
        {{"name", passed.name}, {"cure", fmt::format("take it by `address = systemd:{}`", passed.name)}});
  }
}

void Server::drain() {
  draining_ = true;
  for (auto& entry : open_) entry.socket->close();
  for (auto* session : sessions_) session->drain();
}

void Server::stop_now() {
  for (auto* session : sessions_) session->stop_now();
}

std::vector<std::string> Server::address_list() const {
  std::vector<std::string> list;
  list.reserve(open_.size());
  for (const auto& entry : open_) list.push_back(entry.socket->to_string());
  return list;
}

std::string Server::addresses() const {
  return fmt::format("{}", fmt::join(address_list(), ", "));
}

}  // namespace homeward::frontend
