// The notes in words.
#include "proxy/mail/header_notes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace homeward::mail {
namespace {

std::string from_words(const HeaderNotes& notes) {
  switch (notes.from) {
    case FromChange::none:
      return {};
    case FromChange::rewritten:
      return fmt::format("From <{}> became <{}>", notes.from_before, notes.from_after);
    case FromChange::replaced:
      return fmt::format("From could not be read or held no address, and became <{}>", notes.from_after);
    case FromChange::added:
      return fmt::format("From <{}> was added, as there was none", notes.from_after);
  }
  return {};
}

std::string sender_words(const HeaderNotes& notes) {
  switch (notes.sender) {
    case SenderChange::none:
      return {};
    case SenderChange::replaced:
      return "Sender now names the account";
    case SenderChange::added:
      return "a Sender field that names the account was added";
  }
  return {};
}

std::string signature_words(const SignatureNote& note) {
  if (note.broken.empty()) return {};
  switch (note.kind) {
    case SignatureNote::Kind::dkim:
      return fmt::format("a DKIM signature of d={} that covers {} no longer verifies", note.domain,
                         fmt::join(note.broken, ", "));
    case SignatureNote::Kind::smime:
      return "an S/MIME signature still verifies, but its certificate names another address than From";
    case SignatureNote::Kind::pgp:
      return "a PGP signature still verifies, but its key may name another address than From";
  }
  return {};
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return count == 0 ? std::string() : fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

bool HeaderNotes::has_changes() const {
  return from == FromChange::rewritten || from == FromChange::replaced || from_removed > 0 ||
         sender == SenderChange::replaced || bcc_removed > 0;
}

bool HeaderNotes::breaks_signature() const {
  return std::ranges::any_of(signatures, [](const SignatureNote& note) { return !note.broken.empty(); });
}

std::vector<std::string> words_of(const HeaderNotes& notes) {
  std::vector<std::string> all{
      from_words(notes),
      notes.reply_to_added ? "Reply-To keeps the old address" : "",
      counted(notes.from_removed, "further From field was removed", "further From fields were removed"),
      sender_words(notes),
      notes.date_added ? "Date was added" : "",
      notes.message_id_added ? "Message-ID was added" : "",
      counted(notes.bcc_removed, "Bcc field was removed", "Bcc fields were removed"),
      notes.mbox_line_removed ? "a mailbox file's \"From \" line before the header was removed" : "",
      notes.header_was_broken ? "the header ended at a line that is no field; an empty line was put before it"
                              : "",
      counted(notes.overlong, "field was too long to be looked into",
              "fields were too long to be looked into")};
  for (const auto& signature : notes.signatures) all.push_back(signature_words(signature));
  std::erase(all, std::string());
  return all;
}

}  // namespace homeward::mail
