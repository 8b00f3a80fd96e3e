#include "proxy/app/startup_memory.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <charconv>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/text.hpp"

namespace homeward::app {
namespace {

/// A stretch of addresses, as a line of /proc/PID/smaps names it: "START-END PERMS OFFSET DEVICE INODE PATH".
struct Mapping {
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
};

std::optional<std::uintptr_t> address(std::string_view hex) {
  std::uintptr_t value = 0;
  const auto [rest, fault] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
  if (fault != std::errc{} || rest != hex.data() + hex.size()) return std::nullopt;
  return value;
}

/// Of a file, and not to be written to: nothing else is of interest.
std::optional<Mapping> read_only_file(std::string_view line) {
  const auto words = text::split(line, ' ');
  if (words.size() < 6 || !words.back().starts_with('/')) return std::nullopt;
  if (words[1] != "r-xp" && words[1] != "r--p") return std::nullopt;
  const auto dash = words[0].find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto start = address(words[0].substr(0, dash));
  const auto end = address(words[0].substr(dash + 1));
  if (!start || !end || *start >= *end) return std::nullopt;
  return Mapping{*start, *end};
}

void release(const Mapping& mapping) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel told the addresses as numbers
  auto* const first = reinterpret_cast<void*>(mapping.start);
  // Where it can't be done, all stays as it is.
  (void)::madvise(first, mapping.end - mapping.start, MADV_DONTNEED);
}

}  // namespace

void release_startup_memory() {
  std::ifstream smaps("/proc/self/smaps");
  std::optional<Mapping> mapping;
  bool is_clean = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line.find('-') < line.find(' ')) mapping = read_only_file(line);
    // Relocated pages are written to and then protected: to drop those, wherever they are, would undo it.
    const bool is_zero = line.ends_with(" 0 kB");
    if (line.starts_with("Anonymous:")) is_clean = is_zero;
    if (line.starts_with("Swap:") && is_zero && is_clean && mapping) release(*mapping);
  }
  ::malloc_trim(0);
}

}  // namespace homeward::app
