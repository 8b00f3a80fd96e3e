#include "proxy/app/table.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "proxy/base/text.hpp"

namespace homeward::app {
namespace {

constexpr std::size_t kLongestCell = 300;
constexpr std::size_t kLongestNote = 2000;

/// Characters, not octets: what continues a UTF-8 character takes no place of its own.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string text;
  for (std::size_t at = 0; at < cells.size(); ++at) {
    text += cells[at];
    const bool more = std::any_of(cells.begin() + static_cast<std::ptrdiff_t>(at) + 1, cells.end(),
                                  [](const std::string& cell) { return !cell.empty(); });
    if (!more) break;  // no blanks at a line's end
    text.append(widths[at] - width(cells[at]) + 2, ' ');
  }
  return text + '\n';
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  cells.resize(heads_.size());
  for (auto& cell : cells) cell = text::printable(cell, kLongestCell);
  rows_.push_back({std::move(cells), {}});
}

void Table::add_note(std::string text) {
  if (!rows_.empty()) rows_.back().notes.push_back(text::printable(text, kLongestNote));
}

std::string Table::to_string() const {
  std::vector<std::size_t> widths;
  for (std::size_t at = 0; at < heads_.size(); ++at) {
    std::size_t widest = width(heads_[at]);
    for (const auto& row : rows_) widest = std::max(widest, width(row.cells[at]));
    widths.push_back(widest);
  }
  auto text = line(heads_, widths);
  for (const auto& row : rows_) {
    text += line(row.cells, widths);
    for (const auto& note : row.notes) text += fmt::format("    {}\n", note);
  }
  return text;
}

std::string size_text(std::uint64_t octets) {
  constexpr std::array<std::string_view, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
  if (octets < 1024) return fmt::format("{} B", octets);
  double value = static_cast<double>(octets) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return value < 10 ? fmt::format("{:.1f} {}", value, kUnits[unit])
                    : fmt::format("{:.0f} {}", value, kUnits[unit]);
}

std::string duration_text(std::chrono::seconds time) {
  struct Unit {
    std::string_view name;
    std::int64_t seconds;
  };
  constexpr std::array<Unit, 4> kUnits{{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}}};
  const auto seconds = time.count();
  if (seconds < 1) return "just now";
  for (std::size_t at = 0; at < kUnits.size(); ++at) {
    const auto& unit = kUnits[at];
    if (seconds < unit.seconds) continue;
    auto text = fmt::format("{} {}", seconds / unit.seconds, unit.name);
    // Seconds beside minutes are more than anybody wants to know.
    if (at + 2 < kUnits.size()) {
      const auto& next = kUnits[at + 1];
      if (const auto rest = seconds % unit.seconds / next.seconds; rest > 0)
        text += fmt::format(" {} {}", rest, next.name);
    }
    return text;
  }
  return {};
}

std::string utc_time_text(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%FT%T}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string local_time_text(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%F %T}", fmt::localtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace homeward::app
