#include "proxy/mail/date.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace homeward::mail {

std::string date_text(std::chrono::system_clock::time_point when) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", std::chrono::floor<std::chrono::seconds>(when));
}

}  // namespace homeward::mail
