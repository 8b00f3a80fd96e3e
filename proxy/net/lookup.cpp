#include "proxy/net/lookup.hpp"

#include <ares.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstring>
#include <list>
#include <optional>
#include <string_view>
#include <utility>

#include "proxy/base/text.hpp"

namespace homeward::net {
namespace {

using Clock = std::chrono::steady_clock;
/// Sockets that became ready; the flag: for writing. Shared with the waits' handlers.
using Ready = std::vector<std::pair<int, bool>>;

constexpr int kQueryTimeoutMs = 2000;
constexpr int kTries = 3;
constexpr std::size_t kMostAddresses = 100;  // of one answer
constexpr std::chrono::seconds kLongestSleep{60};

/// ares_library_init wants to be called once in a program.
bool library_ready() {
  static const bool ready = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
  return ready;
}

/// RFC 6761 §6.3: this machine, whatever a name server says. (c-ares 1.18 knows it too, but loses memory over
/// it.)
bool is_localhost(std::string_view host) {
  const auto last = host.substr(host.rfind('.') + 1);
  return text::equals_ignoring_case(last, "localhost");
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

/// The channel's sockets under watch; c-ares keeps owning them.
class WatchedSockets {
 public:
  WatchedSockets(const asio::any_io_executor& executor, ares_channel channel,
                 const std::shared_ptr<Wakeup>& wakeup, const std::shared_ptr<Ready>& ready) {
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const auto mask = static_cast<unsigned>(ares_getsock(channel, sockets.data(), sockets.size()));
    for (unsigned i = 0; i < sockets.size(); ++i) {
      const bool reads = ARES_GETSOCK_READABLE(mask, i) != 0;
      const bool writes = ARES_GETSOCK_WRITABLE(mask, i) != 0;
      if (!reads && !writes) continue;
      auto& descriptor = descriptors_.emplace_back(executor, sockets[i]);
      if (reads) watch(descriptor, false, wakeup, ready);
      if (writes) watch(descriptor, true, wakeup, ready);
    }
  }
  WatchedSockets(const WatchedSockets&) = delete;
  WatchedSockets& operator=(const WatchedSockets&) = delete;
  ~WatchedSockets() {
    for (auto& descriptor : descriptors_) descriptor.release();
  }

 private:
  static void watch(asio::posix::stream_descriptor& descriptor, bool writing,
                    const std::shared_ptr<Wakeup>& wakeup, const std::shared_ptr<Ready>& ready) {
    const auto kind =
        writing ? asio::posix::stream_descriptor::wait_write : asio::posix::stream_descriptor::wait_read;
    const int socket = descriptor.native_handle();
    descriptor.async_wait(kind, [wakeup, ready, socket, writing](const boost::system::error_code& fault) {
      if (fault) return;
      ready->emplace_back(socket, writing);
      wakeup->wake();
    });
  }
  std::list<asio::posix::stream_descriptor> descriptors_;
};

/// One family's question.
struct Question {
  int family = AF_UNSPEC;
  std::optional<int> status;  // nothing: not answered yet
  std::vector<IpAddress> addresses;

  static void answered(void* self, int status, int /*timeouts*/, ares_addrinfo* result) {
    auto& question = *static_cast<Question*>(self);
    question.status = status;
    for (auto* node = result == nullptr ? nullptr : result->nodes; node != nullptr; node = node->ai_next)
      if (question.addresses.size() < kMostAddresses)
        question.addresses.push_back(to_address(*node->ai_addr));
    if (result != nullptr) ares_freeaddrinfo(result);
  }
};

}  // namespace

struct Lookup::State {
  State(asio::any_io_executor own_executor, std::shared_ptr<Wakeup> own_wakeup, std::string name)
      : executor(std::move(own_executor)), wakeup(std::move(own_wakeup)), host(std::move(name)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    watched.reset();
    if (channel != nullptr) ares_destroy(channel);  // answers what is open
  }

  bool start(const std::string& servers) {
    ares_options options{};
    options.timeout = kQueryTimeoutMs;
    options.tries = kTries;
    if (!library_ready() ||
        ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS) {
      return false;
    }
    if (!servers.empty() && ares_set_servers_ports_csv(channel, servers.c_str()) != ARES_SUCCESS)
      return false;
    for (auto* question : {&v6, &v4}) {
      ares_addrinfo_hints hints{};
      hints.ai_family = question->family;
      hints.ai_socktype = SOCK_STREAM;
      ares_getaddrinfo(channel, host.c_str(), nullptr, &hints, &Question::answered, question);
    }
    return true;
  }

  asio::any_io_executor executor;
  std::shared_ptr<Wakeup> wakeup;
  std::string host;
  Question v6{.family = AF_INET6, .status = {}, .addresses = {}};
  Question v4{.family = AF_INET, .status = {}, .addresses = {}};
  ares_channel channel = nullptr;  // none: an address, or no start
  std::shared_ptr<Ready> ready = std::make_shared<Ready>();
  std::optional<WatchedSockets> watched;
};

Lookup::Lookup(asio::any_io_executor executor, std::shared_ptr<Wakeup> wakeup, std::string host,
               const std::string& servers)
    : state_(std::make_unique<State>(std::move(executor), std::move(wakeup), std::move(host))) {
  if (const auto literal = IpAddress::parse(state_->host)) {
    state_->v6.status = state_->v4.status = ARES_SUCCESS;
    state_->v4.addresses.push_back(*literal);
  } else if (is_localhost(state_->host)) {
    state_->v6.status = state_->v4.status = ARES_SUCCESS;
    state_->v6.addresses.push_back(IpAddress::from_v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
    state_->v4.addresses.push_back(IpAddress::from_v4({127, 0, 0, 1}));
  } else if (!state_->start(servers)) {
    state_->v6.status = state_->v4.status = ARES_ENOTINITIALIZED;
  }
}

Lookup::~Lookup() = default;

void Lookup::watch() {
  if (!is_over()) state_->watched.emplace(state_->executor, state_->channel, state_->wakeup, state_->ready);
}

Lookup::TimePoint Lookup::due() const {
  if (is_over()) return TimePoint::max();
  timeval limit{.tv_sec = kLongestSleep.count(), .tv_usec = 0};
  timeval answer{};
  const timeval* next = ares_timeout(state_->channel, &limit, &answer);
  return Clock::now() + std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec);
}

void Lookup::process() {
  state_->watched.reset();
  const auto ready = std::exchange(*state_->ready, {});
  if (is_over()) return;
  for (const auto& [socket, writing] : ready)
    ares_process_fd(state_->channel, writing ? ARES_SOCKET_BAD : socket, writing ? socket : ARES_SOCKET_BAD);
  ares_process_fd(state_->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // what timed out
}

std::vector<IpAddress> Lookup::take() {
  auto addresses = std::exchange(state_->v6.addresses, {});
  const auto more = std::exchange(state_->v4.addresses, {});
  addresses.insert(addresses.end(), more.begin(), more.end());
  return addresses;
}

/// A name that IPv4's answer calls unknown is so for all (RFC 8020 §2); IPv6's answer is not taken at its
/// word, as servers give it for names that they only know IPv4 addresses of (RFC 4074 §4.2).
bool Lookup::is_over() const {
  const auto& v4 = state_->v4.status;
  return v4.has_value() && (state_->v6.status.has_value() || *v4 == ARES_ENOTFOUND);
}

Error Lookup::fault() const {
  const auto& v4 = state_->v4.status;
  const auto& v6 = state_->v6.status;
  const auto status = v4 && *v4 != ARES_SUCCESS ? v4 : v6;
  std::string why = "no answer in time";
  if (is_over()) why = !status || *status == ARES_SUCCESS ? "it has none" : ares_strerror(*status);
  return make_error(Fault::dns, 451, {4, 4, 3},
                    fmt::format("cannot find the address of {}: {}", state_->host, why));
}

}  // namespace homeward::net
