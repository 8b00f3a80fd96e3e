// Schedule: what waits in the spool, in the order in which it is to be tried: per account, clients in turn,
// of each client what is due first. Pure; all times are the spool's witnessed time.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "proxy/spool/entry.hpp"

namespace homeward::delivery {

class Schedule {
 public:
  using Time = std::chrono::milliseconds;

  /// It waits from now on; replaces what was known of it.
  void put(const spool::Summary& summary);
  /// It waits no more, for whatever reason.
  void remove(const std::string& id);
  /// The next one of `account` that is due at `now`; it does not wait any more.
  std::optional<spool::Summary> take(const std::string& account, Time now);
  /// When the next one of `account` is due.
  std::optional<Time> next_due(const std::string& account) const;
  /// All that wait (of one account) are due at `now`, in the order in which they came.
  void hurry_all(Time now);
  void hurry(const std::string& account, Time now);
  /// It as it waits, or null. Good until the next change.
  const spool::Summary* find(const std::string& id) const;
  /// That one is due at `now`, if it waits.
  void hurry_one(const std::string& id, Time now);

  std::size_t waiting(const std::string& account) const;
  std::vector<std::string> accounts() const;  ///< that something waits for
  /// Ids of `account` that came before `limit`, the oldest first.
  std::vector<std::string> older_than(const std::string& account, Time limit) const;

 private:
  using Due = std::tuple<Time, Time, std::string>;  // next, received, id
  struct Line {
    std::map<std::string, std::set<Due>> clients;
    std::string last_client;  // whose turn was last
  };
  static Due due_of(const spool::Summary& summary) { return {summary.next, summary.received, summary.id}; }

  std::unordered_map<std::string, spool::Summary> waiting_;  // by id
  std::map<std::string, Line> lines_;                        // by account; none is empty
};

}  // namespace homeward::delivery
