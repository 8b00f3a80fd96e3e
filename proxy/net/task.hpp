// Task: a coroutine whose answer is a Result, and how Asio's completions become one. Every awaited
// operation uses kNoThrow, so that an error is a value at once (architecture: coroutines).
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proxy/base/result.hpp"

namespace homeward::net {

namespace asio = boost::asio;

template <class T>
using Task = asio::awaitable<Result<T>>;

inline constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

}  // namespace homeward::net
