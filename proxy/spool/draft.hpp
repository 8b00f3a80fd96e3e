// Draft: the content of a message while nobody knows yet whether it must be stored: in memory up to
// kMemory, beyond that in a file of the spool's folder that has no name, so that nothing of it outlives us.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/net/offload.hpp"

namespace homeward::spool {

class ContentFile;
class ContentFolder;
class Spool;

class Draft {
 public:
  static constexpr std::uint64_t kMemory = 256ULL << 10U;  ///< octets

  Draft(Draft&&) noexcept;
  Draft& operator=(Draft&&) noexcept;
  ~Draft();

  /// Errors: local 452 4.3.1 (no room, read-only), after which the draft can't be stored.
  net::Task<void> append(std::string_view block);
  /// Up to `most` octets from `offset`; empty at the end. Errors: local 451 4.3.0.
  net::Task<std::string> read(std::uint64_t offset, std::size_t most) const;
  std::uint64_t size() const { return size_; }

 private:
  friend class Spool;
  Draft(std::shared_ptr<ContentFolder> folder, net::Offload& offload);
  net::Task<void> write_out();

  std::shared_ptr<ContentFolder> folder_;  // shared: a draft may outlive the spool with its event loop
  net::Offload* offload_;
  std::string memory_;                 ///< all of it, or what the file doesn't have yet
  std::shared_ptr<ContentFile> file_;  // shared with the thread that writes it
  std::uint64_t size_ = 0;
  bool broken_ = false;
};

}  // namespace homeward::spool
