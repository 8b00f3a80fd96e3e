#include "proxy/app/sandbox/home_server.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <list>
#include <thread>
#include <utility>

#include "proxy/app/sandbox/home_session.hpp"
#include "proxy/app/sandbox/system_fault.hpp"
#include "proxy/base/log.hpp"
#include "proxy/net/listener.hpp"
#include "proxy/net/supervisor.hpp"
#include "proxy/net/tcp_stream.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::app::sandbox {
namespace {

using net::asio::awaitable;

constexpr std::size_t kDiskThreads = 2;
constexpr std::chrono::seconds kRefusalTime{5};

awaitable<void> refuse(std::unique_ptr<net::Stream> stream) {
  stream->expires_after(kRefusalTime);
  const auto reply = smtp::make_reply(421, {4, 7, 0}, "Too many connections, try again later");
  if (co_await stream->write(smtp::to_wire(reply))) co_await stream->shutdown();
}

awaitable<void> serve(HomeHouse house, HomePort port, std::unique_ptr<net::Stream> stream) {
  HomeSession session(house, port, std::move(stream));
  co_await session.run();
}

}  // namespace

struct HomeServer::State {
  State(Home provider, Maildir mail, net::TlsContext context)
      : home(std::move(provider)),
        maildir(std::move(mail)),
        tls(std::move(context)),
        listening(io.get_executor()),
        sessions(io.get_executor()),
        offload(kDiskThreads) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  Result<std::uint16_t> open(HomePort port, IpAddress address, std::uint16_t number);
  void accept(HomePort port, net::asio::ip::tcp::socket socket);
  void stop();

  Home home;
  Maildir maildir;
  net::TlsContext tls;
  HomePorts ports;
  net::asio::io_context io{1};
  net::Supervisor listening;
  net::Supervisor sessions;
  std::list<net::Listener> listeners;
  net::Offload offload;
  std::thread thread;
};

/// Nothing may be left in the loop when the house falls, not even where it never ran.
HomeServer::State::~State() {
  net::asio::post(io, [this] { stop(); });
  if (thread.joinable()) {
    thread.join();
  } else {
    io.run();
  }
}

Result<std::uint16_t> HomeServer::State::open(HomePort port, IpAddress address, std::uint16_t number) {
  auto listener = net::Listener::bind(io.get_executor(), address, number);
  if (!listener) return std::unexpected(std::move(listener.error()));
  auto& kept = listeners.emplace_back(std::move(*listener));
  listening.spawn("sandbox.listener",
                  kept.run([this, port](auto socket) { accept(port, std::move(socket)); }));
  return kept.port();
}

void HomeServer::State::accept(HomePort port, net::asio::ip::tcp::socket socket) {
  net::tune(socket);
  auto stream = net::make_tcp_stream(std::move(socket));
  if (sessions.living() >= kMaxSessions) {
    sessions.spawn("sandbox.refusal", refuse(std::move(stream)));
    return;
  }
  sessions.spawn("sandbox.session", serve({home, maildir, tls, offload}, port, std::move(stream)));
}

/// Once nothing waits any more the loop ends by itself, and the thread with it.
void HomeServer::State::stop() {
  for (auto& listener : listeners) listener.close();
  listening.cancel_all();
  sessions.cancel_all();
}

Result<std::unique_ptr<HomeServer>> HomeServer::start(Home home, HomeServerSettings settings) {
  if (!settings.address.is_loopback()) {
    return std::unexpected(fault(fmt::format("The sandbox serves loopback alone, not {}: it is an open relay",
                                             settings.address.to_string())));
  }
  auto maildir = Maildir::open(settings.maildir);
  if (!maildir) return std::unexpected(std::move(maildir.error()));
  auto tls = net::TlsContext::server(settings.certificate, settings.key);
  if (!tls) return std::unexpected(std::move(tls.error()));
  auto state = std::make_unique<State>(std::move(home), std::move(*maildir), std::move(*tls));
  const struct {
    HomePort port;
    std::uint16_t HomePorts::* number;
  } wanted[] = {{HomePort::relay, &HomePorts::relay},
                {HomePort::submission, &HomePorts::submission},
                {HomePort::submissions, &HomePorts::submissions}};
  for (const auto& [port, number] : wanted) {
    const auto opened = state->open(port, settings.address, settings.ports.*number);
    if (!opened) return std::unexpected(opened.error());
    state->ports.*number = *opened;
  }
  auto& io = state->io;
  state->thread = std::thread([&io] { io.run(); });
  return std::unique_ptr<HomeServer>(new HomeServer(std::move(state)));
}

HomeServer::HomeServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HomeServer::~HomeServer() = default;

const HomePorts& HomeServer::ports() const {
  return state_->ports;
}

}  // namespace homeward::app::sandbox
