#include "conf/provider_values.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/base/text.hpp"

namespace homeward::conf {
namespace {

std::unexpected<Rejection> reject(std::string finding, std::string_view cure) {
  return std::unexpected(Rejection{std::move(finding), std::string(cure)});
}

}  // namespace

Parsed<mail::DomainPattern> parse_domain_pattern(std::string_view text) {
  const bool below = text.starts_with("*.");
  auto domain = parse_domain(below ? text.substr(2) : text);
  if (!domain)
    return reject(
        std::move(domain.error().finding),
        "write a domain such as isp.example, or *.isp.example for all below it; letters beyond ASCII "
        "in their xn-- form");
  return mail::DomainPattern{.domain = *std::move(domain), .below = below};
}

Parsed<std::string> parse_web_page(std::string_view text) {
  const bool known = text.starts_with("https://") || text.starts_with("http://");
  const auto fits = [](char c) { return c > ' ' && c < 0x7f; };
  if (!known || !std::ranges::all_of(text, fits))
    return reject(fmt::format("{} is not the address of a web page", shown(text)),
                  "write it whole, as in https://help.isp.example/mail");
  return std::string(text);
}

Parsed<std::string> parse_words(std::string_view text) {
  if (text::has_control(text) || !text::is_valid_utf8(text))
    return reject("holds bytes that are not UTF-8 text", "save the file as UTF-8");
  return std::string(text);
}

// ISO 8601 §4.1.2.2, extended.
Parsed<std::chrono::year_month_day> parse_date(std::string_view text) {
  constexpr std::string_view kCure = "write year, month and day, as in 2026-11-24";
  const auto wrong = [&] { return reject(fmt::format("{} is not a day", shown(text)), kCure); };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return wrong();
  const auto year = parse_count(text.substr(0, 4), 1970, 9999);
  const auto month = parse_count(text.substr(5, 2), 1, 12);
  const auto day = parse_count(text.substr(8, 2), 1, 31);
  if (!year || !month || !day) return wrong();
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{*month}, std::chrono::day{*day}};
  if (!date.ok()) return wrong();
  return date;
}

std::string date_text(std::chrono::year_month_day date) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

}  // namespace homeward::conf
