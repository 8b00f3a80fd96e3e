// What was done to a message's header on its way, and what that means for signatures that it carried. Kept
// for the log and the trace: nothing that breaks a signature is done silently. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace homeward::mail {

enum class FromChange : std::uint8_t { none, rewritten, replaced, added };
enum class SenderChange : std::uint8_t { none, replaced, added };

struct SignatureNote {
  enum class Kind : std::uint8_t { dkim, smime, pgp };
  Kind kind = Kind::dkim;
  std::string domain;               ///< of DKIM: its d=, printable
  std::vector<std::string> covers;  ///< of DKIM: names of its h=, lower case
  std::vector<std::string> broken;  ///< what it covers and was changed, lower case; empty: it still holds
  bool operator==(const SignatureNote&) const = default;
};

struct HeaderNotes {
  FromChange from = FromChange::none;
  std::string from_before;       ///< the addresses that it named, printable and cut
  std::string from_after;        ///< the account's
  std::size_t from_removed = 0;  ///< further From fields
  SenderChange sender = SenderChange::none;
  bool reply_to_added = false;
  bool date_added = false;
  bool message_id_added = false;
  std::size_t bcc_removed = 0;  ///< Bcc and Resent-Bcc
  bool mbox_line_removed = false;
  bool header_was_broken = false;  ///< ended at a line that is no field; an empty line was put before that
  std::size_t overlong = 0;        ///< fields too long to be looked into
  std::vector<SignatureNote> signatures;

  /// Whether a field that came with the message is another now, or gone.
  bool has_changes() const;
  bool breaks_signature() const;
  bool operator==(const HeaderNotes&) const = default;
};

/// One sentence for each thing that was done, without a dot at its end; none where nothing was.
std::vector<std::string> words_of(const HeaderNotes& notes);

}  // namespace homeward::mail
