// Digest: SHA-256 over what passes in blocks (OpenSSL).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace homeward::net {

class Digest {
 public:
  Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();

  void update(std::string_view bytes);
  /// 32 octets; once, then the digest begins anew.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace homeward::net
