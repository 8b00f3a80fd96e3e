// KeyedDigest: tells within one process whether two things that passed in blocks were the same. GMAC under a
// random key that nobody ever sees (OpenSSL), at a fraction of what a digest costs that must hold in the
// open.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace homeward::net {

class KeyedDigest {
 public:
  KeyedDigest();
  KeyedDigest(KeyedDigest&&) noexcept;
  KeyedDigest& operator=(KeyedDigest&&) noexcept;
  ~KeyedDigest();

  void update(std::string_view bytes);
  /// 16 octets; once. Of use in this process alone, and not to be shown: they would tell of the key.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace homeward::net
