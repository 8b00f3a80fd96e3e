// Trace ids: one per transaction, short enough to be read out over the phone, told in the Received field,
// the log and the reply.
#pragma once

#include <string>

namespace homeward {

/// Twelve characters of an alphabet of 31 without look-alikes: 59 random bits. Throws std::system_error
/// where the kernel has no random bytes.
std::string make_trace_id();

}  // namespace homeward
