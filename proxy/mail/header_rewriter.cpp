// The rules of rewriting, field by field. Fields that are added come last, as it is known only there that
// there were none.
#include "proxy/mail/header_rewriter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/base/text.hpp"
#include "proxy/mail/signature_fields.hpp"

namespace homeward::mail {
namespace {

constexpr std::size_t kMostSignatures = 16;
constexpr std::size_t kMaxShown = 320;
constexpr std::string_view kLineEnd = "\r\n";

/// A field in its three parts.
struct Parts {
  std::string_view name;   ///< with what stands before the colon, and the colon
  std::string_view value;  ///< up to the last line end
  std::string_view end;    ///< CR LF; "" where the data ends without
};

Parts parts_of(std::string_view field) {
  const auto value = field.find(':') + 1;
  auto end = field.size();
  if (field.ends_with('\n')) --end;
  if (end > value && end < field.size() && field[end - 1] == '\r') --end;
  return {field.substr(0, value), field.substr(value, end - value), field.substr(end)};
}

/// Reply-To, one address a line where there are several.
std::string reply_to_field(std::span<const std::string> addresses) {
  return fmt::format("Reply-To: {}\r\n", fmt::join(addresses, ",\r\n "));
}

}  // namespace

HeaderRewriter::HeaderRewriter(HeaderOrder order) : order_(std::move(order)), scanner_(*this) {}

bool HeaderRewriter::rewrites() const {
  return order_.rewrite_from == RewriteFrom::always || order_.rewrite_from == RewriteFrom::unless_own;
}

void HeaderRewriter::feed(std::string_view block, std::string& out) {
  out_ = &out;
  if (!is_done()) block.remove_prefix(scanner_.feed(block));
  out += block;
  out_ = nullptr;
}

void HeaderRewriter::finish(std::string& out) {
  out_ = &out;
  scanner_.finish();
  out_ = nullptr;
}

HeaderRewriter::Name HeaderRewriter::name_of(std::string_view name) {
  constexpr auto kNames = std::to_array<std::pair<std::string_view, Name>>({
      {"From", Name::from},
      {"Sender", Name::sender},
      {"Reply-To", Name::reply_to},
      {"Date", Name::date},
      {"Message-ID", Name::message_id},
      {"Bcc", Name::bcc},
      {"Resent-Bcc", Name::bcc},
      {"DKIM-Signature", Name::dkim_signature},
      {"Content-Type", Name::content_type},
  });
  const auto row =
      std::ranges::find_if(kNames, [&](const auto& r) { return text::equals_ignoring_case(r.first, name); });
  return row == kNames.end() ? Name::other : row->second;
}

Treatment HeaderRewriter::on_field(std::string_view name) {
  current_ = name_of(name);
  switch (current_) {
    case Name::from:
      return on_from();
    case Name::sender:
      has_sender_ = true;
      return replaces_sender() ? Treatment::hold : Treatment::pass;
    case Name::bcc:
      ++notes_.bcc_removed;
      changed_.push_back(text::to_lower(name));
      return Treatment::drop;
    case Name::dkim_signature:
    case Name::content_type:
      return Treatment::hold;
    case Name::reply_to:
      has_reply_to_ = true;
      break;
    case Name::date:
      has_date_ = true;
      break;
    case Name::message_id:
      has_message_id_ = true;
      break;
    case Name::other:
      break;
  }
  return Treatment::pass;
}

/// Two From fields are one too many (RFC 5322 §3.6): what the provider would make of the second nobody knows.
Treatment HeaderRewriter::on_from() {
  if (!std::exchange(has_from_, true)) return Treatment::hold;
  if (!rewrites()) return Treatment::pass;
  ++notes_.from_removed;
  changed_.emplace_back("from");
  return Treatment::drop;
}

void HeaderRewriter::put(std::string_view octets) {
  if (octets.empty()) return;
  *out_ += octets;
  is_line_open_ = octets.back() != '\n';
}

void HeaderRewriter::on_octets(std::string_view octets) {
  put(octets);
}

void HeaderRewriter::on_held(std::string_view field) {
  switch (current_) {
    case Name::from:
      return put_from(field);
    case Name::sender:
      return put_sender(field);
    default:
      note_signature(field);
      put(field);
  }
}

Treatment HeaderRewriter::on_overlong(std::string_view begun) {
  ++notes_.overlong;
  const auto name = parts_of(begun).name;
  if (current_ == Name::from && rewrites()) {
    replace_from(fmt::format("{}{}", name, kLineEnd), read_from({}, order_.own, order_.owned));
    return Treatment::drop;
  }
  if (current_ == Name::sender) {
    put_sender(fmt::format("{}{}", name, kLineEnd));
    return Treatment::drop;
  }
  if (current_ == Name::from) {
    wants_sender_ = true;
  } else {
    note_signature(begun);
  }
  put(begun);
  return Treatment::pass;
}

void HeaderRewriter::put_from(std::string_view field) {
  const auto from = read_from(parts_of(field).value, order_.own, order_.owned);
  const bool is_kept = !rewrites() || from.authors == Authors::own ||
                       (from.authors == Authors::owned && order_.rewrite_from == RewriteFrom::unless_own);
  if (!is_kept) return replace_from(field, from);
  const bool is_ours = from.authors == Authors::own || from.authors == Authors::owned;
  wants_sender_ = !is_ours || from.count > 1;
  put(field);
}

void HeaderRewriter::replace_from(std::string_view field, const FromField& from) {
  const auto parts = parts_of(field);
  put(fmt::format("{}{}{}", parts.name, from.rewritten, parts.end));
  changed_.emplace_back("from");
  notes_.from = from.count == 0 ? FromChange::replaced : FromChange::rewritten;
  notes_.from_before = text::printable(fmt::format("{}", fmt::join(from.addresses, ", ")), kMaxShown);
  notes_.from_after = order_.own.to_string();
  if (!from.addresses.empty()) reply_to_ = reply_to_field(from.addresses);
}

void HeaderRewriter::put_sender(std::string_view field) {
  const auto parts = parts_of(field);
  const auto sender = read_from(parts.value, order_.own, order_.owned);
  const bool is_kept =
      sender.authors == Authors::own ||
      (sender.authors == Authors::owned && sender.count == 1 && order_.rewrite_from != RewriteFrom::always);
  if (is_kept) {
    put(field);
    return;
  }
  put(fmt::format("{} {}{}", parts.name, order_.own.to_string(), parts.end));
  changed_.emplace_back("sender");
  notes_.sender = SenderChange::replaced;
}

void HeaderRewriter::note_signature(std::string_view field) {
  if (notes_.signatures.size() >= kMostSignatures) return;
  const auto value = parts_of(field).value;
  auto note = current_ == Name::dkim_signature ? read_dkim_signature(value) : read_content_type(value);
  if (note) notes_.signatures.push_back(std::move(*note));
}

void HeaderRewriter::on_mbox_line() {
  notes_.mbox_line_removed = true;
}

/// A header that a line ends which is no field gets the empty line that it lacks: else nobody knows whether
/// what follows is header or body, and our own trace field stands before it in any case.
void HeaderRewriter::on_end(HeaderEnd how) {
  const auto added = added_fields();
  if (is_line_open_ && !added.empty()) put(kLineEnd);
  put(added);
  notes_.header_was_broken = how == HeaderEnd::no_field;
  if (notes_.header_was_broken) put(kLineEnd);
  judge_signatures();
}

std::string HeaderRewriter::added_fields() {
  std::string added;
  const auto add = [&](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(added), "{}: {}\r\n", name, value);
    changed_.push_back(text::to_lower(name));
  };
  if (!has_from_ && (order_.add_from || rewrites())) {
    add("From", order_.own.to_string());
    notes_.from = FromChange::added;
    notes_.from_after = order_.own.to_string();
  }
  if (order_.add_sender_field && wants_sender_ && !has_sender_) {
    add("Sender", order_.own.to_string());
    notes_.sender = SenderChange::added;
  }
  if (!has_reply_to_ && !reply_to_.empty()) {
    added += reply_to_;
    changed_.emplace_back("reply-to");
    notes_.reply_to_added = true;
  }
  if (!has_date_ && order_.add_date) {
    add("Date", order_.date);
    notes_.date_added = true;
  }
  if (!has_message_id_ && order_.add_message_id) {
    add("Message-ID", order_.message_id);
    notes_.message_id_added = true;
  }
  return added;
}

/// What DKIM covers breaks it even where it was absent (RFC 6376 §5.4.2). S/MIME and PGP cover the body
/// alone, but readers compare the signer with From.
void HeaderRewriter::judge_signatures() {
  std::ranges::sort(changed_);
  const auto repeated = std::ranges::unique(changed_);
  changed_.erase(repeated.begin(), repeated.end());
  for (auto& note : notes_.signatures)
    for (const auto& name : changed_) {
      const bool is_covered = note.kind == SignatureNote::Kind::dkim
                                  ? std::ranges::find(note.covers, name) != note.covers.end()
                                  : name == "from";
      if (is_covered) note.broken.push_back(name);
    }
}

}  // namespace homeward::mail
