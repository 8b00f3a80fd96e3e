// LocalUser: a user of this machine, as whom a loopback client's socket was opened. Found by
// frontend/local_owner, asked by mail/route, kept by the spool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace homeward::mail {

struct LocalUser {
  std::uint32_t id = 0;
  std::string name;  ///< empty where the machine knows none for this id

  /// For people: the name, else "#1001".
  std::string to_string() const;
  bool operator==(const LocalUser&) const = default;
};

/// What names a user of a Unix system: no blank, comma, colon, slash or control, nothing that begins with a
/// hyphen or '#'; names of directories (ann@office.example, OFFICE\ann) have their place.
bool is_local_user_name(std::string_view text);

/// The text in which the spool keeps one, "ann#1000" or "#1000", and the way back: nothing where it is none.
std::string stored_text(const LocalUser& user);
std::optional<LocalUser> parse_stored_local_user(std::string_view text);
/// A number as it stands behind '#': decimal, 0 to 4294967294 (the last one means "none" to the system).
std::optional<std::uint32_t> parse_user_id(std::string_view text);

}  // namespace homeward::mail
