// How the house's values look as JSON (RFC 8259). Times are UTC, RFC 3339; what is not known is null; text
// of a peer that is not UTF-8 is made printable. Field names are a promise to whoever reads them:
// docs/control.md lists them. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "proxy/delivery/runner.hpp"
#include "proxy/spool/entry.hpp"
#include "proxy/spool/spool.hpp"

namespace homeward::control {

/// "2026-03-01T12:00:00Z"
std::string time_text(std::chrono::system_clock::time_point time);

/// How much of an entry: a list shows the first recipients alone, since one message may have a thousand.
enum class Detail { brief, full };
inline constexpr std::size_t kBriefRecipients = 10;

boost::json::object to_json(const spool::Entry& entry, const spool::Moment& now, Detail detail);
boost::json::object to_json(const spool::SpoolFacts& facts);
boost::json::object to_json(const delivery::AccountStatus& account);
boost::json::array to_json(const std::vector<spool::TraceLine>& lines);
boost::json::array to_json(const std::vector<delivery::AccountStatus>& accounts);
boost::json::array to_json(const std::vector<std::string>& texts);

}  // namespace homeward::control
