// Reports: which recipients of a message get which DSN, and the spool's entry of it. The wording stands in
// mail/dsn. RFC 3461 §4.1, §5.2; product.md 7: to `bounce_to`, with a null sender, through the same account,
// never about a null sender's message.
#pragma once

#include <optional>
#include <string>

#include "conf/config.hpp"
#include "proxy/spool/spool.hpp"

namespace homeward::delivery {

struct ReportSubject {
  const conf::Config& config;
  const conf::AccountConfig& account;
  const spool::Entry& entry;  ///< its recipients as they are now
  std::string header;         ///< of the message
  std::string server;         ///< that was tried
  spool::Moment now;
};

/// About refused recipients that were not reported yet; none where nobody is to be told.
std::optional<spool::Report> failure_report(const ReportSubject& subject);
/// About those that still wait.
std::optional<spool::Report> delay_report(const ReportSubject& subject);
/// About the delivered ones in `entry` who asked for it.
std::optional<spool::Report> success_report(const ReportSubject& subject);

/// Whether `recipient` must be reported on at all when it fails (no NOTIFY, or NOTIFY=FAILURE).
bool wants_failure(const spool::Recipient& recipient);

/// So many reports an hour and account; a storm of bounces helps nobody.
inline constexpr std::size_t kReportsPerHour = 100;

}  // namespace homeward::delivery
