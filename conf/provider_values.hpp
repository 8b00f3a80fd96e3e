// The forms of values that only a [provider NAME] section has: domain patterns, words of closed lists, web
// pages, dates. Each parser takes one value as written (trimmed). Called by the setters of schema.cpp.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "conf/values.hpp"
#include "proxy/mail/provider.hpp"

namespace homeward::conf {

inline constexpr std::array<std::pair<std::string_view, mail::LoginForm>, 2> kLoginForms{
    {{"address", mail::LoginForm::address}, {"local-part", mail::LoginForm::local_part}}};
inline constexpr std::array<std::pair<std::string_view, mail::CredentialKind>, 3> kCredentialKinds{
    {{"password", mail::CredentialKind::password},
     {"app-password", mail::CredentialKind::app_password},
     {"oauth", mail::CredentialKind::oauth}}};
inline constexpr std::array<std::pair<std::string_view, mail::FromRule>, 3> kFromRules{
    {{"own", mail::FromRule::own}, {"alias", mail::FromRule::alias}, {"any", mail::FromRule::any}}};
inline constexpr std::array<std::pair<std::string_view, mail::ProviderQuirk>, 2> kProviderQuirks{
    {{"login-only", mail::ProviderQuirk::login_only},
     {"no-ehlo-after-auth", mail::ProviderQuirk::no_ehlo_after_auth}}};

/// The word of one of the tables above.
template <class T, std::size_t Size>
std::string_view word_of(const std::array<std::pair<std::string_view, T>, Size>& words, T value) {
  for (const auto& [word, meaning] : words)
    if (meaning == value) return word;
  return {};
}

/// `dom`, or `*.dom` for all below it.
Parsed<mail::DomainPattern> parse_domain_pattern(std::string_view text);
/// http:// or https://, printable ASCII without blanks.
Parsed<std::string> parse_web_page(std::string_view text);
/// UTF-8 text for people, without controls.
Parsed<std::string> parse_words(std::string_view text);
/// YYYY-MM-DD, a day that there is.
Parsed<std::chrono::year_month_day> parse_date(std::string_view text);
/// "2026-11-24"
std::string date_text(std::chrono::year_month_day date);

}  // namespace homeward::conf
