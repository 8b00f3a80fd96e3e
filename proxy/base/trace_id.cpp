#include "proxy/base/trace_id.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <span>
#include <string_view>
#include <system_error>

namespace homeward {

namespace {

constexpr std::size_t kOctets = 12;

/// Random octets, fetched for many ids at once: a system call for each would cost more than all the rest.
std::span<const unsigned char> take_octets() {
  thread_local std::array<unsigned char, 20 * kOctets> stock{};  // getrandom() gives up to 256 at once
  thread_local std::size_t used = stock.size();
  if (used == stock.size()) {
    if (getrandom(stock.data(), stock.size(), 0) != static_cast<ssize_t>(stock.size()))
      throw std::system_error(errno, std::generic_category(), "getrandom");
    used = 0;
  }
  used += kOctets;
  return std::span(stock).subspan(used - kOctets, kOctets);
}

}  // namespace

std::string make_trace_id() {
  constexpr std::string_view kAlphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  std::string id;
  // A byte modulo 31 favours eight characters a little; ids need to be different, not unguessable.
  for (const auto byte : take_octets()) id += kAlphabet[byte % kAlphabet.size()];
  return id;
}

}  // namespace homeward
