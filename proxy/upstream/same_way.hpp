// Whether two accounts' connections are one and the same thing: so that a connection serves sessions from
// before and after a reload, and none of another login. Pure.
#pragma once

#include "conf/config.hpp"

namespace homeward::upstream {

/// The same servers, reached and trusted the same way, with the same login. What a password's file or command
/// gives may have changed all the same: that is for the pool to know.
bool goes_the_same_way(const conf::AccountConfig& one, const conf::AccountConfig& other);

}  // namespace homeward::upstream
