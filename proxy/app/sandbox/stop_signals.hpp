// SIGINT and SIGTERM as something to wait for beside sockets: a descriptor that becomes readable. To be made
// before any thread begins, as threads inherit that these signals are blocked.
#pragma once

#include <csignal>

#include "proxy/app/sandbox/system_fault.hpp"

namespace homeward::app::sandbox {

class StopSignals {
 public:
  /// Error: local.
  static Result<StopSignals> take();

  /// Readable once a signal came.
  int descriptor() const { return descriptor_.get(); }
  /// Waits until one came.
  void wait() const;

 private:
  explicit StopSignals(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

}  // namespace homeward::app::sandbox
