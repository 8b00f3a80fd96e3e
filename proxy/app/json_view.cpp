#include "proxy/app/json_view.hpp"

#include <boost/json/object.hpp>
#include <ctime>

#include "proxy/base/text.hpp"

namespace homeward::app::view {
namespace {
namespace json = boost::json;
constexpr std::size_t kLongestText = 4096;
}  // namespace

const json::value& member(const json::value& value, std::string_view name) {
  static const json::value kNothing;
  const auto* object = value.if_object();
  const auto* found = object == nullptr ? nullptr : object->if_contains(name);
  return found == nullptr ? kNothing : *found;
}

const json::array& list(const json::value& value, std::string_view name) {
  static const json::array kNone;
  const auto* found = member(value, name).if_array();
  return found == nullptr ? kNone : *found;
}

std::string text(const json::value& value) {
  const auto* found = value.if_string();
  return found == nullptr ? std::string{} : text::printable({found->data(), found->size()}, kLongestText);
}

std::string text(const json::value& value, std::string_view name) {
  return text(member(value, name));
}

std::uint64_t number(const json::value& value, std::string_view name) {
  const auto& found = member(value, name);
  if (const auto* whole = found.if_uint64()) return *whole;
  if (const auto* whole = found.if_int64(); whole != nullptr && *whole > 0)
    return static_cast<std::uint64_t>(*whole);
  return 0;
}

bool flag(const json::value& value, std::string_view name) {
  const auto* found = member(value, name).if_bool();
  return found != nullptr && *found;
}

std::optional<std::chrono::system_clock::time_point> time(const json::value& value, std::string_view name) {
  const auto written = text(value, name);
  std::tm parts{};
  const char* end = strptime(written.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace homeward::app::view
