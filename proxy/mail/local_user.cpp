#include "proxy/mail/local_user.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace homeward::mail {
namespace {

constexpr std::size_t kLongestName = 256;  // LOGIN_NAME_MAX of Linux

}  // namespace

std::string LocalUser::to_string() const {
  return name.empty() ? fmt::format("#{}", id) : name;
}

bool is_local_user_name(std::string_view text) {
  const auto fits = [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet > 0x20 && octet != 0x7F && c != ',' && c != ':' && c != '/' && c != '#';
  };
  return !text.empty() && text.size() <= kLongestName && text.front() != '-' &&
         std::ranges::all_of(text, fits);
}

std::string stored_text(const LocalUser& user) {
  return fmt::format("{}#{}", user.name, user.id);
}

std::optional<LocalUser> parse_stored_local_user(std::string_view text) {
  const auto mark = text.rfind('#');
  if (mark == std::string_view::npos) return std::nullopt;
  const auto name = text.substr(0, mark);
  const auto id = parse_user_id(text.substr(mark + 1));
  if (!id || !(name.empty() || is_local_user_name(name))) return std::nullopt;
  return LocalUser{*id, std::string(name)};
}

std::optional<std::uint32_t> parse_user_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (id == std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return id;
}

}  // namespace homeward::mail
