// How a spooled message and its trace look to a person. Shared by `queue` and `trace`. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <string>

#include "proxy/app/table.hpp"

namespace homeward::app {

/// The table that `queue list` fills.
Table make_queue_table();
void add_message(Table& table, const boost::json::value& message, std::chrono::system_clock::time_point now);

/// All of a message, a line for each fact and each recipient.
std::string describe_message(const boost::json::value& message, std::chrono::system_clock::time_point now);
std::string describe_trace(const boost::json::array& lines);

}  // namespace homeward::app
