// Quirks of legacy clients that a listener mends (`tolerate`, product.md 4). A quirk is one row here and
// one transcript. `none` is an empty set: strict.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace homeward::smtp {

enum class Quirk : std::uint8_t {
  bare_lf,           ///< lines that end in LF alone
  address_space,     ///< "MAIL FROM: <a@b>"
  missing_brackets,  ///< "MAIL FROM:a@b"
  helo_auth,         ///< AUTH after HELO
  auth_equals,       ///< "250-AUTH=LOGIN PLAIN" offered beside AUTH
};

struct QuirkName {
  Quirk quirk;
  std::string_view name;
};

inline constexpr std::array<QuirkName, 5> kQuirkNames{{
    {Quirk::bare_lf, "bare-lf"},
    {Quirk::address_space, "address-space"},
    {Quirk::missing_brackets, "missing-brackets"},
    {Quirk::helo_auth, "helo-auth"},
    {Quirk::auth_equals, "auth-equals"},
}};

class QuirkSet {
 public:
  constexpr QuirkSet() = default;
  static constexpr QuirkSet all() {
    QuirkSet set;
    for (const auto& [quirk, name] : kQuirkNames) set.add(quirk);
    return set;
  }
  constexpr void add(Quirk quirk) { bits_ |= bit(quirk); }
  constexpr bool has(Quirk quirk) const { return (bits_ & bit(quirk)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const QuirkSet&) const = default;

 private:
  static constexpr unsigned bit(Quirk quirk) { return 1U << static_cast<unsigned>(quirk); }
  unsigned bits_ = 0;
};

}  // namespace homeward::smtp
