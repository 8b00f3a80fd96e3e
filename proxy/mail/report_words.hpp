// The words of a report that a person reads: its subject, and what happened, whose fault it is, what to do.
// Called by the writer of reports (dsn), which puts the machine's part behind.
#pragma once

#include <string>

#include "proxy/mail/dsn.hpp"

namespace homeward::mail {

/// "Not delivered: Minutes of Monday": plain, encoded-words where the original's subject is not ASCII.
std::string report_subject(const ReportFacts& facts);

/// Lines ended by CR LF, 7 bits, below 998 octets each.
std::string report_words(const ReportFacts& facts);

}  // namespace homeward::mail
