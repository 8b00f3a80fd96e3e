// `bench_load send`: many clients at once, a thread for each, all messages made before the clock runs. Prints
// one line of JSON: rate, percentiles of the times in µs, the load's own CPU seconds, what was refused.
#pragma once

#include <cstddef>
#include <string>

#include "tests/bench/load/client.hpp"

namespace bench {

struct Sending {
  Door door;
  std::size_t clients = 1, messages = 1, octets = 4096;  ///< each client sends so many of so many octets
  std::string run = "r";                                 ///< begins the ids: RUN.CLIENT.NUMBER, both from 0
  bool each = false;                                     ///< a new connection for each message
  bool from_connect = false;  ///< the clock begins with the connecting; else when all are connected
  bool may_refuse = false;    ///< else a refusal ends everything
};

void send_all(const Sending& what);

/// `bench_load sync`: new files, written and synced; then the folder, too.
void sync_files(const std::string& directory, std::size_t files, std::size_t octets);

}  // namespace bench
