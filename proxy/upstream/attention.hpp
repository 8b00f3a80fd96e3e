// Attention: accounts whose login was refused. They are not tried again for a while, so that a typo does
// not lock the mailbox and clients that retry make no storm. product.md 6.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "proxy/base/error.hpp"

namespace homeward::upstream {

class Attention {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes kFirstPause{30};
  static constexpr std::chrono::minutes kLongestPause{360};

  /// The account's login was refused with this error at `now`: 30 min, doubling to 6 h.
  void refused(const std::string& account, const Error& error, TimePoint now);
  void worked(const std::string& account) { accounts_.erase(account); }
  /// Why the account is not to be tried at `now`; nothing where it may be.
  std::optional<Error> why_not(const std::string& account, TimePoint now) const;
  /// Settings changed, or a person says retry.
  void clear() { accounts_.clear(); }
  std::size_t count() const { return accounts_.size(); }

 private:
  struct Entry {
    Error error;
    std::chrono::minutes pause{0};
    TimePoint until;
  };
  std::map<std::string, Entry> accounts_;
};

}  // namespace homeward::upstream
