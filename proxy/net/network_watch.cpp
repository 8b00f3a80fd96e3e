#include "proxy/net/network_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cerrno>
#include <cstring>
#include <limits>
#include <variant>

#include "proxy/net/faults.hpp"

namespace homeward::net {
namespace {

using namespace std::chrono_literals;

/// An interface that comes up brings a burst: link, addresses, routes.
constexpr auto kBurst = 200ms;
constexpr auto kLeastPause = 2s;

bool came_up(const nlmsghdr& header, std::string_view payload) {
  switch (header.nlmsg_type) {
    case RTM_NEWADDR:
    case RTM_NEWROUTE:
      return true;
    case RTM_NEWLINK: {
      if (payload.size() < sizeof(ifinfomsg)) return false;
      ifinfomsg link{};
      std::memcpy(&link, payload.data(), sizeof link);
      return (link.ifi_flags & IFF_RUNNING) != 0;
    }
    default:
      return false;
  }
}

int open_link() {
  const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (descriptor < 0) return -1;
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups =
      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  sockaddr generic{};
  static_assert(sizeof address <= sizeof generic);
  std::memcpy(&generic, &address, sizeof address);
  if (::bind(descriptor, &generic, sizeof address) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

}  // namespace

bool tells_of_coming_up(std::string_view datagram) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) return false;
    if (came_up(header, datagram.substr(sizeof header, header.nlmsg_len - sizeof header))) return true;
    datagram.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), datagram.size()));
  }
  return false;
}

NetworkWatch::NetworkWatch(const asio::any_io_executor& executor) : executor_(executor), pause_(executor) {}

Result<void> NetworkWatch::open() {
  if (const int link = open_link(); link >= 0) link_.emplace(executor_, link);
  const int link_fault = errno;
  if (const int clock = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK); clock >= 0)
    clock_.emplace(executor_, clock);
  if (link_ || clock_) return {};
  return std::unexpected(
      make_error(Fault::local, 451, {4, 3, 0},
                 std::string("the network can't be watched: ") + std::strerror(link_fault)));
}

Task<std::string> NetworkWatch::changed() {
  using namespace asio::experimental::awaitable_operators;
  if (told_) {
    pause_.expires_at(*told_ + kLeastPause);
    if (const auto [stopped] = co_await pause_.async_wait(kNoThrow); stopped)
      co_return std::unexpected(canceled_error());
  }
  Result<std::string> told;
  if (link_ && clock_) {
    auto first = co_await (link_changed() || clock_changed());
    told = std::visit([](auto& result) { return std::move(result); }, first);
  } else if (link_ || clock_) {
    told = link_ ? co_await link_changed() : co_await clock_changed();
  } else {
    co_return std::unexpected(make_error(Fault::local, 451, {4, 3, 0}, "nothing is watched"));
  }
  if (!told) co_return told;
  pause_.expires_after(kBurst);
  if (const auto [stopped] = co_await pause_.async_wait(kNoThrow); stopped)
    co_return std::unexpected(canceled_error());
  told_ = std::chrono::steady_clock::now();
  co_return told;
}

Task<std::string> NetworkWatch::link_changed() {
  std::array<char, 16UL * 1024> datagram{};
  while (true) {
    const auto [fault, size] = co_await link_->async_read_some(asio::buffer(datagram), kNoThrow);
    if (fault == asio::error::operation_aborted) co_return std::unexpected(canceled_error());
    // More happened than the socket's buffer holds: certainly something.
    const bool overrun = fault.value() == ENOBUFS;
    if (fault && !overrun) co_return std::unexpected(canceled_error());
    if (overrun || tells_of_coming_up({datagram.data(), size})) co_return std::string("the network changed");
  }
}

/// A timer that never ends, except by a clock that is set: also what happens when a machine wakes.
Task<std::string> NetworkWatch::clock_changed() {
  arm_clock();
  std::array<char, sizeof(std::uint64_t)> expirations{};
  while (true) {
    const auto [fault, size] = co_await clock_->async_read_some(asio::buffer(expirations), kNoThrow);
    if (!fault) continue;
    // The kernel tells of a clock that was set by the same number as Asio of a wait that was canceled.
    const auto canceled = (co_await asio::this_coro::cancellation_state).cancelled();
    if (fault != asio::error::operation_aborted || canceled != asio::cancellation_type::none)
      co_return std::unexpected(canceled_error());
    co_return std::string("the machine woke, or its clock was set");
  }
}

void NetworkWatch::arm_clock() {
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<std::time_t>::max();
  // Where it can't be armed, the link alone tells.
  (void)::timerfd_settime(clock_->native_handle(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
                          nullptr);
}

}  // namespace homeward::net
