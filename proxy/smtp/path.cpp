// Mailboxes and paths, rule by rule. RFC 5321 §4.1.2 (grammar), §4.1.3 (address literals), §4.5.3.1 (sizes).
// Called by the command parser with what stands behind "FROM:" and "TO:", and by whoever reads an address.
#include "proxy/smtp/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "proxy/base/network.hpp"
#include "proxy/base/text.hpp"

namespace homeward::smtp {

namespace {

constexpr std::size_t kMaxLabel = 63;  // RFC 1035 §2.3.4
constexpr std::string_view kBlanks = " \t";

/// Why an address is none, as words that follow "The address"; and whether only its size is at fault.
struct Flaw {
  std::string words;
  bool too_long = false;
};

using Checked = std::expected<void, Flaw>;

std::unexpected<Flaw> flaw(std::string words) {
  return std::unexpected(Flaw{std::move(words), false});
}
std::unexpected<Flaw> too_long(std::string words) {
  return std::unexpected(Flaw{std::move(words), true});
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// atext of RFC 5322 §3.2.3.
bool is_atext(char c) {
  constexpr std::string_view kSpecials = "!#$%&'*+-/=?^_`{|}~";
  return is_letter_or_digit(c) || kSpecials.find(c) != std::string_view::npos;
}

Checked check_octets(std::string_view text) {
  if (!text::is_ascii(text))
    return flaw("holds non-ASCII characters: they need SMTPUTF8, which is not offered");
  if (text::has_control(text)) return flaw("holds a control character");
  return {};
}

// Dot-string = Atom *("." Atom)
Checked check_dot_string(std::string_view text) {
  for (const char c : text) {
    if (c == ' ') return flaw("holds a blank, which must stand in quotation marks");
    if (c != '.' && !is_atext(c)) {
      return flaw(fmt::format("holds {} in its local part, where it must stand in quotation marks", c));
    }
  }
  if (text.starts_with('.')) return flaw("starts with a dot: write \".name\"@domain if it is meant so");
  if (text.ends_with('.'))
    return flaw("has a dot right before the @: write \"name.\"@domain if it is meant so");
  if (text.find("..") != std::string_view::npos) {
    return flaw("has two dots in a row: write \"na..me\"@domain if it is meant so");
  }
  return {};
}

struct LocalPart {
  std::string name;          ///< unquoted
  std::size_t consumed = 0;  ///< octets as written
};

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE; quoted-pairSMTP = %d92 %d32-126
std::expected<LocalPart, Flaw> parse_quoted_string(std::string_view text) {
  std::string name;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return LocalPart{std::move(name), i + 1};
    if (text[i] == '\\' && ++i == text.size()) break;
    name += text[i];
  }
  return flaw("has a quotation mark that is not closed");
}

// Local-part = Dot-string / Quoted-string; up to the first "@" or the end.
std::expected<LocalPart, Flaw> parse_local_part(std::string_view text) {
  std::expected<LocalPart, Flaw> local = LocalPart{};
  if (text.starts_with('"')) {
    local = parse_quoted_string(text);
  } else {
    const auto name = text.substr(0, text.find('@'));
    if (name.empty()) return flaw("has nothing before the @");
    if (const auto checked = check_dot_string(name); !checked) return std::unexpected(checked.error());
    local = LocalPart{std::string(name), name.size()};
  }
  if (local && local->consumed > kMaxLocalPart) {
    return too_long(fmt::format("has more than {} octets before the @", kMaxLocalPart));
  }
  return local;
}

// sub-domain = Let-dig [Ldh-str]; "_" is let through as names in the field have it.
Checked check_label(std::string_view label) {
  if (label.empty()) return flaw("has an empty part between two dots, or at an end, of its domain");
  if (label.size() > kMaxLabel)
    return too_long(fmt::format("has a domain part of more than {} octets", kMaxLabel));
  for (const char c : label) {
    if (c == ' ') return flaw("holds a blank in its domain");
    if (!is_letter_or_digit(c) && c != '-' && c != '_') return flaw(fmt::format("holds {} in its domain", c));
  }
  if (label.front() == '-' || label.back() == '-')
    return flaw("has a hyphen at an end of a part of its domain");
  return {};
}

// Domain = sub-domain *("." sub-domain)
Checked check_domain(std::string_view domain) {
  if (domain.empty()) return flaw("has nothing behind the @");
  if (domain.size() > kMaxDomain)
    return too_long(fmt::format("has a domain of more than {} octets", kMaxDomain));
  if (domain.ends_with('.')) return flaw("has a domain that ends in a dot: leave the dot out");
  for (;;) {
    const auto dot = domain.find('.');
    if (const auto checked = check_label(domain.substr(0, dot)); !checked) return checked;
    if (dot == std::string_view::npos) return {};
    domain.remove_prefix(dot + 1);
  }
}

// address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]". RFC 5321 §4.1.3
Checked check_literal(std::string_view literal) {
  constexpr std::string_view kTag = "IPv6:";
  if (literal.ends_with(']') && literal.size() > 2) {
    auto address = literal.substr(1, literal.size() - 2);
    const bool tagged = text::starts_with_ignoring_case(address, kTag);
    if (tagged) address.remove_prefix(kTag.size());
    const bool has_colon = address.find(':') != std::string_view::npos;
    if (has_colon == tagged && IpAddress::parse(address)) return {};
  }
  return flaw("has something in [ ] that is no IP address: write [192.0.2.1] or [IPv6:2001:db8::1]");
}

/// What Mailbox keeps.
struct Parts {
  std::string local_part;
  std::string domain;
};

// Mailbox = Local-part "@" ( Domain / address-literal )
std::expected<Parts, Flaw> parse_parts(std::string_view text) {
  if (text.empty()) return flaw("is empty: write name@domain");
  if (const auto checked = check_octets(text); !checked) return std::unexpected(checked.error());
  auto local = parse_local_part(text);
  if (!local) return std::unexpected(std::move(local.error()));
  auto domain = text.substr(local->consumed);
  if (domain.empty()) return flaw("has no @: write it as name@domain");
  if (domain.front() != '@') return flaw("has text between its closing quotation mark and the @");
  domain.remove_prefix(1);
  const auto checked = domain.starts_with('[') ? check_literal(domain) : check_domain(domain);
  if (!checked) return std::unexpected(checked.error());
  return Parts{std::move(local->name), text::to_lower(domain)};
}

std::string write_local_part(std::string_view name) {
  if (!name.empty() && check_dot_string(name)) return std::string(name);
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// How one of the two paths is spoken of.
struct PathKind {
  std::string_view name;
  std::string_view keyword;
  EnhancedCode code;
};

constexpr PathKind kReverse{"Sender address", "MAIL FROM:", {5, 1, 7}};
constexpr PathKind kForward{"Recipient address", "RCPT TO:", {5, 1, 3}};

Error path_error(const PathKind& kind, const Flaw& found) {
  return make_error(Fault::client, found.too_long ? 553 : 501, kind.code,
                    fmt::format("{} {}", kind.name, found.words));
}

/// The address as it stands on the line, without its brackets, and what follows.
struct Extent {
  std::string_view address;
  std::string_view rest;
};

std::string_view without_leading_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

/// From "<" to the ">" that no quotation mark hides.
std::expected<Extent, Flaw> find_bracketed(std::string_view argument) {
  bool quoted = false;
  for (std::size_t i = 1; i < argument.size(); ++i) {
    if (argument[i] == '"') quoted = !quoted;
    if (argument[i] == '\\' && quoted) ++i;
    if (quoted || i >= argument.size() || argument[i] != '>') continue;
    const auto behind = argument.substr(i + 1);
    const auto rest = without_leading_blanks(behind);
    if (!rest.empty() && rest.size() == behind.size())
      return flaw("has text right behind its >: put a blank there");
    return Extent{argument.substr(1, i - 1), rest};
  }
  return flaw(quoted ? "has a quotation mark that is not closed" : "has no closing >");
}

/// Finds the address, mending what `quirks` allows.
std::expected<Extent, Flaw> find_address(std::string_view argument, const PathKind& kind, QuirkSet quirks,
                                         QuirkSet& seen) {
  const auto trimmed = text::trim(argument);
  if (trimmed.empty()) return flaw(fmt::format("is missing: write {}<name@domain>", kind.keyword));
  if (trimmed.data() != argument.data()) {
    if (!quirks.has(Quirk::address_space)) {
      return flaw(fmt::format("has a blank before it: write {}<name@domain>", kind.keyword));
    }
    seen.add(Quirk::address_space);
  }
  if (trimmed.front() != '<') {
    if (!quirks.has(Quirk::missing_brackets)) {
      return flaw(fmt::format("has no < and >: write {}<name@domain>", kind.keyword));
    }
    seen.add(Quirk::missing_brackets);
    const auto end = std::min(trimmed.find_first_of(kBlanks), trimmed.size());
    return Extent{trimmed.substr(0, end), without_leading_blanks(trimmed.substr(end))};
  }
  auto extent = find_bracketed(trimmed);
  if (!extent || !quirks.has(Quirk::address_space)) return extent;
  const auto inner = text::trim(extent->address);
  if (inner.size() != extent->address.size()) seen.add(Quirk::address_space);
  extent->address = inner;
  return extent;
}

// Path = "<" [ A-d-l ":" ] Mailbox ">"; A-d-l = At-domain *( "," At-domain ); At-domain = "@" Domain.
// The route MUST be accepted and SHOULD be ignored.
std::expected<std::string_view, Flaw> drop_source_route(std::string_view address) {
  if (!address.starts_with('@')) return address;
  const auto colon = address.find(':');
  if (colon == std::string_view::npos) return flaw("has nothing before the @");
  auto route = address.substr(0, colon);
  while (!route.empty()) {
    const auto comma = std::min(route.find(','), route.size());
    const auto hop = route.substr(0, comma);
    if (!hop.starts_with('@') || comma + 1 == route.size() || !check_domain(hop.substr(1))) {
      return flaw("has a source route that can't be read: leave it out");
    }
    route.remove_prefix(std::min(comma + 1, route.size()));
  }
  return address.substr(colon + 1);
}

/// A mailbox within the size of a path, `<` and `>` counted.
std::expected<Mailbox, Flaw> parse_path_mailbox(std::string_view address) {
  // Our own parse first: it knows "too long" from "wrong".
  if (const auto parts = parse_parts(address); !parts) return std::unexpected(parts.error());
  auto mailbox = Mailbox::parse(address);
  if (!mailbox) return flaw(std::move(mailbox.error()));
  if (mailbox->to_string().size() + 2 > kMaxPath) {
    return too_long(fmt::format("is longer than {} octets", kMaxPath - 2));
  }
  return std::move(*mailbox);
}

/// "root", "Postmaster": a local part and no "@".
std::optional<std::string> parse_unqualified(std::string_view address) {
  if (address.empty() || !check_octets(address)) return std::nullopt;
  auto local = parse_local_part(address);
  if (!local || local->consumed != address.size()) return std::nullopt;
  return std::move(local->name);
}

std::expected<ParsedPath<ReversePath>, Flaw> read_reverse_path(std::string_view argument, QuirkSet quirks,
                                                               QuirkSet& seen) {
  const auto extent = find_address(argument, kReverse, quirks, seen);
  if (!extent) return std::unexpected(extent.error());
  if (extent->address.empty()) return ParsedPath<ReversePath>{ReversePath{}, extent->rest};
  const auto address = drop_source_route(extent->address);
  if (!address) return std::unexpected(address.error());
  auto mailbox = parse_path_mailbox(*address);
  if (!mailbox) return std::unexpected(std::move(mailbox.error()));
  return ParsedPath<ReversePath>{ReversePath{std::move(*mailbox)}, extent->rest};
}

std::expected<ParsedPath<ForwardPath>, Flaw> read_forward_path(std::string_view argument, QuirkSet quirks,
                                                               QuirkSet& seen) {
  const auto extent = find_address(argument, kForward, quirks, seen);
  if (!extent) return std::unexpected(extent.error());
  if (extent->address.empty()) return flaw("is empty: <> can only be a sender");
  if (auto name = parse_unqualified(extent->address)) {
    return ParsedPath<ForwardPath>{ForwardPath{std::nullopt, std::move(*name)}, extent->rest};
  }
  const auto address = drop_source_route(extent->address);
  if (!address) return std::unexpected(address.error());
  auto mailbox = parse_path_mailbox(*address);
  if (!mailbox) return std::unexpected(std::move(mailbox.error()));
  return ParsedPath<ForwardPath>{ForwardPath{std::move(*mailbox), {}}, extent->rest};
}

}  // namespace

std::expected<Mailbox, std::string> Mailbox::parse(std::string_view text) {
  auto parts = parse_parts(text);
  if (!parts) return std::unexpected(std::move(parts.error().words));
  Mailbox mailbox;
  mailbox.local_part_ = std::move(parts->local_part);
  mailbox.domain_ = std::move(parts->domain);
  return mailbox;
}

std::string Mailbox::to_string() const {
  return write_local_part(local_part_) + '@' + domain_;
}

bool Mailbox::operator==(const Mailbox& other) const {
  return domain_ == other.domain_ && text::equals_ignoring_case(local_part_, other.local_part_);
}

std::string ReversePath::to_string() const {
  return mailbox ? fmt::format("<{}>", mailbox->to_string()) : "<>";
}

std::string ForwardPath::to_string() const {
  return fmt::format("<{}>", mailbox ? mailbox->to_string() : write_local_part(unqualified));
}

Result<ParsedPath<ReversePath>> parse_reverse_path(std::string_view argument, QuirkSet quirks,
                                                   QuirkSet& seen) {
  auto path = read_reverse_path(argument, quirks, seen);
  if (!path) return std::unexpected(path_error(kReverse, path.error()));
  return std::move(*path);
}

Result<ParsedPath<ForwardPath>> parse_forward_path(std::string_view argument, QuirkSet quirks,
                                                   QuirkSet& seen) {
  auto path = read_forward_path(argument, quirks, seen);
  if (!path) return std::unexpected(path_error(kForward, path.error()));
  return std::move(*path);
}

}  // namespace homeward::smtp
