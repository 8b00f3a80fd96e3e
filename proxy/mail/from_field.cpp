// From fields of all sorts. A single address is replaced where it stands, so that name, comments and folding
// stay as they were; anything else is written anew.
#include "proxy/mail/from_field.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/base/text.hpp"
#include "proxy/mail/address.hpp"

namespace homeward::mail {
namespace {

constexpr std::size_t kMaxName = 200;

/// atext, the dot of old phrases, UTF-8, and blanks: what needs no quotes. RFC 5322 §3.2.3, RFC 6532 §3.2
bool is_phrase_character(char c) {
  const auto octet = static_cast<unsigned char>(c);
  const bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_alnum || octet >= 0x80 || std::string_view("!#$%&'*+-/=?^_`{|}~. \t").contains(c);
}

std::string unfolded(std::string_view text) {
  std::string line;
  for (const char c : text)
    if (c != '\r' && c != '\n') line += c;
  return line;
}

/// At most `most` octets, and no half of a UTF-8 character.
std::string_view cut(std::string_view words, std::size_t most) {
  if (words.size() <= most) return words;
  while (most > 0 && (static_cast<unsigned char>(words[most]) & 0xc0U) == 0x80U) --most;
  return words.substr(0, most);
}

/// A name that was written as it must be stays so; another is written anew.
std::string name_text(std::string_view raw, std::string_view words) {
  const auto line = unfolded(raw);
  if (line.size() > kMaxName) return write_display_name(cut(words, kMaxName));
  const bool is_quoted = line.size() >= 2 && line.front() == '"' && line.find('"', 1) == line.size() - 1 &&
                         !line.contains('\\') && !text::has_control(line);
  if (is_quoted || std::ranges::all_of(line, is_phrase_character)) return line;
  return write_display_name(words);
}

/// Names that hold an address of their own would show it in place of ours.
bool is_sane_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && !name.contains('@') && !name.contains('<') &&
         !name.contains('>') && !text::has_control(name) && text::is_valid_utf8(name);
}

std::string one_mailbox(std::string_view name, const smtp::Mailbox& own) {
  return name.empty() ? fmt::format(" {}", own.to_string()) : fmt::format(" {} <{}>", name, own.to_string());
}

bool has_domain(const ListedMailbox& listed) {
  return listed.mailbox || listed.address.contains('@');
}

/// The address as it may stand in another field; "" where it is none. UTF-8 is kept: the message has it.
std::string quotable(const ListedMailbox& listed) {
  if (listed.mailbox) return listed.mailbox->to_string();
  if (text::is_ascii(listed.address) || !text::is_valid_utf8(listed.address)) return {};
  std::string ascii;
  for (const char c : listed.address) ascii += static_cast<unsigned char>(c) < 0x80 ? c : 'x';
  return smtp::Mailbox::parse(ascii) ? listed.address : std::string();
}

Authors judge(const std::vector<ListedMailbox>& listed, const smtp::Mailbox& own,
              std::span<const smtp::Mailbox> owned) {
  const auto is_ours = [&](const ListedMailbox& one) {
    return one.mailbox && (*one.mailbox == own || std::ranges::find(owned, *one.mailbox) != owned.end());
  };
  if (std::ranges::none_of(listed, has_domain)) return Authors::none;
  if (!std::ranges::all_of(listed, is_ours)) return Authors::foreign;
  return listed.size() == 1 && *listed.front().mailbox == own ? Authors::own : Authors::owned;
}

/// The name of the first that has one. A bare word is no address, so it is taken for a name (cron's "root").
std::string first_name(std::string_view value, const std::vector<ListedMailbox>& listed) {
  for (const auto& one : listed) {
    if (!one.name_at.is_empty()) return name_text(one.name_at.of(value), one.name);
    if (!has_domain(one) && is_sane_name(one.address)) {
      return one.has_angle ? write_display_name(one.address)
                           : name_text(one.address_at.of(value), one.address);
    }
  }
  return {};
}

FromField unreadable(std::string_view value, const smtp::Mailbox& own) {
  const auto line = unfolded(value);
  const auto name = text::trim(line);
  return {.authors = Authors::unreadable,
          .count = 0,
          .addresses = {},
          .rewritten = one_mailbox(is_sane_name(name) ? write_display_name(name) : "", own),
          .keeps_text = false};
}

}  // namespace

FromField read_from(std::string_view value, const smtp::Mailbox& own, std::span<const smtp::Mailbox> owned) {
  const auto listed = parse_mailbox_list(value);
  if (!listed) return unreadable(value, own);
  FromField field;
  field.authors = judge(*listed, own, owned);
  for (const auto& one : *listed) {
    if (has_domain(one)) ++field.count;
    if (auto address = quotable(one); !address.empty()) field.addresses.push_back(std::move(address));
  }
  const bool is_single = listed->size() == 1 && field.count == 1;
  const auto& first = is_single ? listed->front() : ListedMailbox{};
  field.keeps_text = is_single && !first.in_group && first.is_plain;
  if (field.keeps_text) {
    field.rewritten = fmt::format("{}{}{}", value.substr(0, first.address_at.begin), own.to_string(),
                                  value.substr(first.address_at.end));
  } else {
    field.rewritten = one_mailbox(first_name(value, *listed), own);
  }
  return field;
}

}  // namespace homeward::mail
