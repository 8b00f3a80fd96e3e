// Result: the answer of everything that can fail (std::expected with our Error).
#pragma once

#include <expected>

#include "proxy/base/error.hpp"

namespace homeward {

template <class T>
using Result = std::expected<T, Error>;

}  // namespace homeward
