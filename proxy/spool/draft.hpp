// Draft: the content of a message while nobody knows yet whether it must be stored: in memory up to
// kMemory, beyond that in a file of the spool's folder that has no name, so that nothing of it outlives us.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/net/offload.hpp"

namespace homeward::spool {

class Spool;

class Draft {
 public:
  static constexpr std::uint64_t kMemory = 1ULL << 20U;  ///< octets

  Draft(Draft&&) noexcept;
  Draft& operator=(Draft&&) noexcept;
  ~Draft();

  /// Errors: local 452 4.3.1 (no room, read-only), after which the draft can't be stored.
  net::Task<void> append(std::string_view block);
  std::uint64_t size() const { return size_; }

 private:
  friend class Spool;
  struct File;  // an unnamed file
  explicit Draft(Spool& spool);

  Spool* spool_;
  std::string memory_;
  std::unique_ptr<File> file_;
  std::uint64_t size_ = 0;
  bool broken_ = false;
};

}  // namespace homeward::spool
