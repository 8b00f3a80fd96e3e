#include "proxy/app/sandbox/stop_signals.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>

#include <utility>

namespace homeward::app::sandbox {

Result<StopSignals> StopSignals::take() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (const int failed = pthread_sigmask(SIG_BLOCK, &signals, nullptr); failed != 0) {
    errno = failed;
    return std::unexpected(system_fault("blocking signals"));
  }
  Descriptor descriptor(signalfd(-1, &signals, SFD_CLOEXEC));
  if (!descriptor) return std::unexpected(system_fault("signalfd"));
  return StopSignals(std::move(descriptor));
}

void StopSignals::wait() const {
  pollfd waited{descriptor_.get(), POLLIN, 0};
  while (poll(&waited, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace homeward::app::sandbox
