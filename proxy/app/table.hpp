// What people read of lists: columns that line up, sizes and times in words. Everything that goes into a
// table is made printable first, so that no peer's text can steer a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace homeward::app {

class Table {
 public:
  explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)) {}

  void add(std::vector<std::string> cells);
  /// A line below the last row, indented, as wide as it is.
  void add_note(std::string text);
  bool empty() const { return rows_.empty(); }
  /// Lines that end in LF; the last column is as wide as it is.
  std::string to_string() const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::vector<std::string> notes;
  };
  std::vector<std::string> heads_;
  std::vector<Row> rows_;
};

/// "812 B", "1.2 KiB", "34 MiB"
std::string size_text(std::uint64_t octets);
/// "just now", "5 s", "3 min", "2 h 5 min", "4 d 3 h": the two largest units, rounded down.
std::string duration_text(std::chrono::seconds time);
/// "2026-03-01T12:00:05Z"
std::string utc_time_text(std::chrono::system_clock::time_point time);
/// "2026-03-01 12:00:05" by this machine's clock and zone.
std::string local_time_text(std::chrono::system_clock::time_point time);

}  // namespace homeward::app
