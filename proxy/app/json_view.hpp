// Reading what the daemon said, leniently: what is missing, or of another kind than it should be, reads as
// empty. So a command and a daemon of different versions still understand each other. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace homeward::app::view {

const boost::json::value& member(const boost::json::value& value, std::string_view name);
const boost::json::array& list(const boost::json::value& value, std::string_view name);
/// Made printable: it may come from a peer.
std::string text(const boost::json::value& value, std::string_view name);
std::string text(const boost::json::value& value);
std::uint64_t number(const boost::json::value& value, std::string_view name);
bool flag(const boost::json::value& value, std::string_view name);
/// Of "2026-03-01T12:00:00Z".
std::optional<std::chrono::system_clock::time_point> time(const boost::json::value& value,
                                                          std::string_view name);

}  // namespace homeward::app::view
