// A point in time as a message writes it. RFC 5322 §3.3. Called for the trace field and for reports.
#pragma once

#include <chrono>
#include <string>

namespace homeward::mail {

/// "Tue, 17 Nov 2026 09:05:00 +0000": in UTC.
std::string date_text(std::chrono::system_clock::time_point when);

}  // namespace homeward::mail
