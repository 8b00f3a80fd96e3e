#include "proxy/frontend/local_owner.hpp"

#include <pwd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "proxy/base/log.hpp"

namespace homeward::frontend {
namespace {

using net::asio::awaitable;
using Clock = std::chrono::steady_clock;

/// So long a name is taken for granted: a burst of cron's mail asks a directory server once.
constexpr std::chrono::seconds kNameTime{60};
constexpr std::size_t kMostNames = 1000;
constexpr std::size_t kFirstBuffer = 4096;
constexpr std::size_t kLargestBuffer = 1UL << 20U;

}  // namespace

std::string local_user_name(std::uint32_t id) {
  for (std::vector<char> buffer(kFirstBuffer); buffer.size() <= kLargestBuffer;
       buffer.resize(buffer.size() * 2)) {
    passwd entry{};
    passwd* found = nullptr;
    const int fault = ::getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found);
    if (fault == ERANGE) continue;
    if (fault != 0 || found == nullptr || !mail::is_local_user_name(found->pw_name)) return {};
    return found->pw_name;
  }
  return {};
}

awaitable<LocalOwner> LocalOwners::of(net::ConnectionEnds ends) {
  const auto id = co_await offload_.run<Result<std::uint32_t>>([ends] { return net::socket_owner(ends); });
  if (!id) {
    log::warning("session.local_user_unknown",
                 {{"client", ends.client.to_string()}, {"cause", id.error().reply.text}});
    co_return LocalOwner{std::nullopt, id.error().reply.text};
  }
  co_return LocalOwner{mail::LocalUser{*id, co_await name_of(*id)}, {}};
}

awaitable<std::string> LocalOwners::name_of(std::uint32_t id) {
  const auto known = known_.find(id);
  if (known != known_.end() && Clock::now() < known->second.until) co_return known->second.name;
  auto name = co_await offload_.run<std::string>([id] { return local_user_name(id); });
  if (known_.size() >= kMostNames) known_.clear();
  known_.insert_or_assign(id, Known{name, Clock::now() + kNameTime});
  co_return name;
}

}  // namespace homeward::frontend
