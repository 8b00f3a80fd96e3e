#include "proxy/net/resolver.hpp"

#include <ares.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "proxy/net/faults.hpp"

namespace homeward::net {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kQueryTimeoutMs = 2000;
constexpr int kTries = 3;

Error dns_error(const std::string& host, std::string_view why) {
  return make_error(Fault::dns, 451, {4, 4, 3}, fmt::format("cannot find the address of {}: {}", host, why));
}

/// ares_library_init wants to be called once in a program.
bool library_ready() {
  static const bool ready = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
  return ready;
}

IpAddress to_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, bytes.size());
    return IpAddress::from_v4(bytes);
  }
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, bytes.size());
  return IpAddress::from_v6(bytes);
}

/// One look-up: its channel and what came of it.
struct Query {
  Query() = default;
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() {
    if (channel != nullptr) ares_destroy(channel);
  }

  bool start(const std::string& host) {
    ares_options options{};
    options.timeout = kQueryTimeoutMs;
    options.tries = kTries;
    if (!library_ready() ||
        ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS) {
      return false;
    }
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel, host.c_str(), nullptr, &hints, &Query::answered, this);
    return true;
  }

  static void answered(void* self, int status, int /*timeouts*/, ares_addrinfo* result) {
    auto& query = *static_cast<Query*>(self);
    query.status = status;
    for (auto* node = result == nullptr ? nullptr : result->nodes; node != nullptr; node = node->ai_next) {
      query.addresses.push_back(to_address(*node->ai_addr));
    }
    if (result != nullptr) ares_freeaddrinfo(result);
  }

  ares_channel channel = nullptr;
  std::optional<int> status;
  std::vector<IpAddress> addresses;
};

/// What wakes the look-up: sockets that became ready, or the timer. Shared with the waits' handlers.
struct Wakeup {
  explicit Wakeup(const asio::any_io_executor& executor) : timer(executor) {}
  asio::steady_timer timer;
  std::vector<std::pair<int, bool>> ready;  // socket, for writing
};

/// The channel's sockets under watch; c-ares keeps owning them.
class WatchedSockets {
 public:
  WatchedSockets(const asio::any_io_executor& executor, ares_channel channel,
                 const std::shared_ptr<Wakeup>& wakeup) {
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const auto mask = static_cast<unsigned>(ares_getsock(channel, sockets.data(), sockets.size()));
    for (unsigned i = 0; i < sockets.size(); ++i) {
      const bool reads = ARES_GETSOCK_READABLE(mask, i) != 0;
      const bool writes = ARES_GETSOCK_WRITABLE(mask, i) != 0;
      if (!reads && !writes) continue;
      auto& descriptor = descriptors_.emplace_back(executor, sockets[i]);
      if (reads) watch(descriptor, false, wakeup);
      if (writes) watch(descriptor, true, wakeup);
    }
  }
  WatchedSockets(const WatchedSockets&) = delete;
  WatchedSockets& operator=(const WatchedSockets&) = delete;
  ~WatchedSockets() {
    for (auto& descriptor : descriptors_) descriptor.release();
  }

 private:
  static void watch(asio::posix::stream_descriptor& descriptor, bool writing,
                    const std::shared_ptr<Wakeup>& wakeup) {
    const auto kind =
        writing ? asio::posix::stream_descriptor::wait_write : asio::posix::stream_descriptor::wait_read;
    const int socket = descriptor.native_handle();
    descriptor.async_wait(kind, [wakeup, socket, writing](const boost::system::error_code& fault) {
      if (fault) return;
      wakeup->ready.emplace_back(socket, writing);
      wakeup->timer.cancel();
    });
  }
  std::list<asio::posix::stream_descriptor> descriptors_;
};

/// How long c-ares wants to sleep at most, within what is left.
Clock::duration sleep_time(ares_channel channel, Clock::duration left) {
  timeval limit{};
  limit.tv_sec = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(left).count());
  limit.tv_usec = 999'000;
  timeval answer{};
  const timeval* next = ares_timeout(channel, &limit, &answer);
  const auto wanted = std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec);
  return std::min<Clock::duration>(wanted, left);
}

}  // namespace

Resolver::Resolver(asio::any_io_executor executor) : executor_(std::move(executor)) {}

Task<std::vector<IpAddress>> Resolver::resolve(std::string host, std::chrono::milliseconds timeout) {
  if (const auto literal = IpAddress::parse(host)) co_return std::vector{*literal};
  const auto due = Clock::now() + timeout;
  Query query;
  if (!query.start(host)) co_return std::unexpected(dns_error(host, "the resolver could not be started"));
  while (!query.status) {
    const auto left = due - Clock::now();
    if (left <= Clock::duration::zero()) co_return std::unexpected(dns_error(host, "no answer in time"));
    auto wakeup = std::make_shared<Wakeup>(executor_);
    {
      const WatchedSockets sockets(executor_, query.channel, wakeup);
      wakeup->timer.expires_after(sleep_time(query.channel, left));
      (void)co_await wakeup->timer.async_wait(kNoThrow);
      if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) {
        co_return std::unexpected(canceled_error());
      }
    }
    if (wakeup->ready.empty()) ares_process_fd(query.channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (const auto& [socket, writing] : wakeup->ready) {
      ares_process_fd(query.channel, writing ? ARES_SOCKET_BAD : socket, writing ? socket : ARES_SOCKET_BAD);
    }
  }
  if (*query.status != ARES_SUCCESS) co_return std::unexpected(dns_error(host, ares_strerror(*query.status)));
  if (query.addresses.empty()) co_return std::unexpected(dns_error(host, "it has none"));
  co_return std::move(query.addresses);
}

}  // namespace homeward::net
