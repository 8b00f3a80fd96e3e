#include "proxy/net/resolver.hpp"

#include <algorithm>
#include <utility>

#include "proxy/net/faults.hpp"
#include "proxy/net/lookup.hpp"

namespace homeward::net {

Resolver::Resolver(asio::any_io_executor executor, std::string servers)
    : executor_(std::move(executor)), servers_(std::move(servers)) {}

std::unique_ptr<Lookup> Resolver::begin(std::string host, std::shared_ptr<Wakeup> wakeup) {
  return std::make_unique<Lookup>(executor_, std::move(wakeup), std::move(host), servers_);
}

Task<std::vector<IpAddress>> Resolver::resolve(std::string host, std::chrono::milliseconds timeout) {
  const auto due = std::chrono::steady_clock::now() + timeout;
  const auto wakeup = std::make_shared<Wakeup>(executor_);
  const auto lookup = begin(std::move(host), wakeup);
  while (!lookup->is_over() && std::chrono::steady_clock::now() < due) {
    lookup->watch();
    if (!co_await wakeup->sleep_until(std::min(due, lookup->due())))
      co_return std::unexpected(canceled_error());
    lookup->process();
  }
  auto addresses = lookup->take();
  if (addresses.empty()) co_return std::unexpected(lookup->fault());
  co_return addresses;
}

}  // namespace homeward::net
