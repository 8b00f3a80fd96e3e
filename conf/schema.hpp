// The table of all keys: each row says a key's section, name, form, default, one line of help, and how it
// is set. The loader, the checks, `homeward config` and the man page know keys from here alone; a new key
// is a new row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "conf/config.hpp"
#include "conf/values.hpp"

namespace homeward::conf {

/// What [homeward] says, before names are resolved.
struct HomewardSection {
  Config config;  ///< directories as given: empty where they are not
  std::vector<std::string> includes;
  std::optional<std::string> default_account;  ///< as written; `none` too
};

/// One value on its way into a section; of a list key, one item.
struct Value {
  std::string_view text;                ///< trimmed, never empty
  const std::filesystem::path& folder;  ///< of the file it stands in: relative paths begin there
  std::size_t position = 0;             ///< of this item in its list
  std::size_t count = 1;                ///< of items in its list
};

/// Nothing where the value was taken.
using Outcome = std::optional<Rejection>;
template <class Target>
using Setter = Outcome (*)(Target&, const Value&);

enum class SectionKind : std::uint8_t { homeward, listener, account, provider };
enum class Shape : std::uint8_t { single, list };  ///< a list is parted by commas and may be repeated
/// What a value may lose or show: `verbatim` is never ended by an inline comment, `secret` is never shown
/// either.
enum class Care : std::uint8_t { plain, verbatim, secret };
enum class Need : std::uint8_t { optional, required };

struct Key {
  std::string_view name;
  Shape shape = Shape::single;
  std::string_view form;      ///< for people: "size", "yes | no"
  std::string_view fallback;  ///< the default as it would be written; "" where there is none
  std::string_view example;   ///< where there is no default
  std::string_view help;
  std::variant<Setter<HomewardSection>, Setter<Listener>, Setter<AccountConfig>, Setter<mail::Provider>> set;
  Care care = Care::plain;
  bool (*holds_secret)(std::string_view) = nullptr;  ///< of a secret: whether this value is one; null: any is
  Need need = Need::optional;

  SectionKind section() const { return static_cast<SectionKind>(set.index()); }
};

/// All rows, by section, in the order in which they are documented.
std::span<const Key> all_keys();
const Key* find_key(SectionKind section, std::string_view name);

/// What to do about a key that `section` does not have: a later version has it, another section has it,
/// or the nearest that it has.
std::string unknown_key_cure(SectionKind section, std::string_view name);
/// Whether product sections of that kind ("oauth") come in a later version.
bool is_later_section(std::string_view kind);

}  // namespace homeward::conf
