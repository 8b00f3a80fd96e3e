#include "tests/bench/upstream/faults.hpp"

#include <fmt/format.h>

namespace bench {
namespace {

std::uint64_t mix(std::string_view text, std::uint64_t seed) {
  std::uint64_t value = 0xcbf29ce484222325ULL ^ (seed * 0x9e3779b97f4a7c15ULL);
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;  // FNV leaves its high bits poor
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

/// 0 ≤ it < 1.
double share(std::string_view text, std::uint64_t seed) {
  return static_cast<double>(mix(text, seed) >> 11U) * 0x1p-53;
}

}  // namespace

std::string Faults::refusal(Place place, const std::string& id) {
  if (id.empty() || shares_.temporary + shares_.permanent == 0) return {};
  const auto planned = (mix(id, shares_.seed + 1) & 1U) == 0 ? Place::rcpt : Place::dot;
  if (place != planned) return {};
  const auto value = share(id, shares_.seed);
  if (value < shares_.permanent) return fmt::format("550 5.7.1 {} is not wanted\r\n", id);
  if (value >= shares_.permanent + shares_.temporary) return {};
  return tried_.insert(id).second ? fmt::format("451 4.3.0 {} may come again\r\n", id) : std::string();
}

std::chrono::milliseconds Faults::delay(const std::string& id) const {
  const bool late = share(id, shares_.seed + 2) < shares_.slow;
  return late ? shares_.slow_by : std::chrono::milliseconds{0};
}

}  // namespace bench
