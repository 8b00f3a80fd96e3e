// Target: what a request asks for: the path's parts and the query's values, percent-decoded. Pure; the size
// is bounded by whoever read the request. RFC 3986 §2.1, §3.3, §3.4.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace homeward::control {

struct Target {
  std::vector<std::string> path;  ///< "/v1/queue/x" → v1, queue, x
  std::map<std::string, std::string, std::less<>> query;

  std::string_view value(std::string_view name) const;  ///< empty where it is not there
};

/// Nothing where it is no origin-form ("/…"), or an escape or what it stands for (NUL) is broken.
std::optional<Target> parse_target(std::string_view text);

/// The inverse of one part: everything but unreserved characters is escaped.
std::string escape(std::string_view text);

}  // namespace homeward::control
