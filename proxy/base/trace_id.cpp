#include "proxy/base/trace_id.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace homeward {

std::string make_trace_id() {
  constexpr std::string_view kAlphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  std::array<unsigned char, 12> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  std::string id;
  // A byte modulo 31 favours eight characters a little; ids need to be different, not unguessable.
  for (const auto byte : bytes) id += kAlphabet[byte % kAlphabet.size()];
  return id;
}

}  // namespace homeward
