// Reading what signatures cover, loosely: what is noted wrongly costs a line in the log, no mail.
#include "proxy/mail/signature_fields.hpp"

#include <algorithm>
#include <string>

#include "proxy/base/text.hpp"

namespace homeward::mail {
namespace {

constexpr std::size_t kMostNames = 100;

/// In lower case, without any blank.
std::string squeezed(std::string_view text) {
  std::string result;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') result += text::to_lower(c);
  return result;
}

}  // namespace

std::optional<SignatureNote> read_dkim_signature(std::string_view value) {
  SignatureNote note;
  const auto tags = squeezed(value);
  for (const auto tag : text::split(tags, ';')) {
    if (tag.starts_with("d=")) note.domain = text::printable(tag.substr(2), 255);
    if (!tag.starts_with("h=")) continue;
    for (const auto name : text::split(tag.substr(2), ':'))
      if (note.covers.size() < kMostNames && std::ranges::find(note.covers, name) == note.covers.end())
        note.covers.push_back(text::printable(name, 80));
  }
  if (note.covers.empty()) return std::nullopt;
  return note;
}

std::optional<SignatureNote> read_content_type(std::string_view value) {
  const auto type = squeezed(value);
  SignatureNote note{.kind = SignatureNote::Kind::smime, .domain = {}, .covers = {}, .broken = {}};
  if (type.starts_with("application/pkcs7-mime") || type.starts_with("application/x-pkcs7-mime"))
    return type.contains("smime-type=enveloped-data") ? std::nullopt : std::optional(note);
  if (!type.starts_with("multipart/signed")) return std::nullopt;
  if (type.contains("pgp-signature")) note.kind = SignatureNote::Kind::pgp;
  return note;
}

}  // namespace homeward::mail
