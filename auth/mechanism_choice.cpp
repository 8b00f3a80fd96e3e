#include "auth/mechanism_choice.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "auth/sasl_support.hpp"
#include "proxy/base/text.hpp"

namespace homeward::auth {

namespace {

// Strongest first. SCRAM proves both sides to each other and never shows the password; -PLUS also ties
// the login to this TLS channel, so any -PLUS stands before any without. PLAIN and LOGIN stand before
// CRAM-MD5 and DIGEST-MD5 on purpose: inside verified TLS they are as safe from listeners, every server
// can do them with a well-hashed store, and the MD5 ones (DIGEST-MD5 is historic, RFC 6331) are often
// offered without working.
constexpr std::array<std::string_view, 10> kStrongestFirst = {"SCRAM-SHA-512-PLUS",
                                                              "SCRAM-SHA-256-PLUS",
                                                              "SCRAM-SHA-1-PLUS",
                                                              "SCRAM-SHA-512",
                                                              "SCRAM-SHA-256",
                                                              "SCRAM-SHA-1",
                                                              "PLAIN",
                                                              "LOGIN",
                                                              "CRAM-MD5",
                                                              "DIGEST-MD5"};

bool contains(std::span<const std::string> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// The library lists its mechanisms without -PLUS.
bool can_do(const MechanismQuery& query, std::string_view name) {
  if (!name.ends_with(kPlusSuffix)) return contains(query.available, name);
  return query.channel_binding && contains(query.available, name.substr(0, name.size() - kPlusSuffix.size()));
}

template <class Names>
std::vector<std::string> usable(const MechanismQuery& query, const Names& names) {
  std::vector<std::string> chosen;
  for (const auto& name : names) {
    if (contains(query.offered, name) && can_do(query, name) && !contains(chosen, name))
      chosen.emplace_back(name);
  }
  return chosen;
}

std::string listed(std::span<const std::string> names) {
  return text::printable(text::join(names, " "), 200);
}

std::string why_none(const MechanismQuery& query) {
  if (query.offered.empty()) return "login: the server offers none (no AUTH in its EHLO reply)";
  std::string why = "login: the server offers " + listed(query.offered);
  if (!query.wanted.empty()) {
    why += "; mechanisms wants " + listed(query.wanted);
    const auto plus = [](const std::string& name) { return name.ends_with(kPlusSuffix); };
    if (!query.channel_binding && std::ranges::any_of(query.wanted, plus))
      why += " (this TLS connection gives no channel binding for -PLUS)";
  }
  return why + "; possible here with a password: " + listed(query.available);
}

}  // namespace

bool is_weaker(std::string_view now, std::string_view before) {
  const auto place = [](std::string_view name) {
    return std::ranges::find(kStrongestFirst, name == "LOGIN" ? "PLAIN" : name);
  };
  const auto unknown = kStrongestFirst.end();
  return place(now) != unknown && place(before) != unknown && place(now) > place(before);
}

Result<std::vector<std::string>> choose_mechanisms(const MechanismQuery& query) {
  auto chosen = query.wanted.empty() ? usable(query, kStrongestFirst) : usable(query, query.wanted);
  if (chosen.empty()) return std::unexpected(make_error(Fault::login, 451, {4, 7, 0}, why_none(query)));
  return chosen;
}

}  // namespace homeward::auth
