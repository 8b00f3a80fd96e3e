#include "proxy/upstream/attention.hpp"

#include <algorithm>

namespace homeward::upstream {

void Attention::refused(const std::string& account, const Error& error, TimePoint now) {
  auto& entry = accounts_[account];
  if (now < entry.until) return;  // logins that were under way side by side count as one
  entry.error = error;
  entry.pause = entry.pause.count() == 0 ? kFirstPause : std::min(entry.pause * 2, kLongestPause);
  entry.until = now + entry.pause;
}

std::optional<Error> Attention::why_not(const std::string& account, TimePoint now) const {
  const auto found = accounts_.find(account);
  if (found == accounts_.end() || now >= found->second.until) return std::nullopt;
  return found->second.error;
}

}  // namespace homeward::upstream
