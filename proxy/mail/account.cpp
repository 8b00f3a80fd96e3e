// Account and SenderPattern: which reverse-paths an account serves and owns (product.md 4, `senders`).
// Called by route, rewrite and the configuration's loader.
#include "proxy/mail/account.hpp"

#include <algorithm>
#include <utility>

#include "proxy/base/text.hpp"

namespace homeward::mail {
namespace {

/// The domain as a Mailbox writes it (lower case), or nothing where it is none.
std::optional<std::string> parse_domain(std::string_view text) {
  const auto probe = smtp::Mailbox::parse("x@" + std::string(text));
  if (!probe) return std::nullopt;
  return probe->domain();
}

/// Whether `domain` lies below `parent`, at any depth; both in lower case.
bool is_below(std::string_view domain, std::string_view parent) {
  return domain.size() > parent.size() + 1 && domain.ends_with(parent) &&
         domain[domain.size() - parent.size() - 1] == '.';
}

}  // namespace

std::optional<SenderPattern> SenderPattern::parse(std::string_view text) {
  constexpr std::string_view kSubdomains = "*@*.";
  constexpr std::string_view kDomain = "*@";
  SenderPattern pattern;
  if (text::equals_ignoring_case(text, "own")) return pattern;
  if (text == "*") {
    pattern.kind_ = Kind::any;
    return pattern;
  }
  if (text.starts_with(kDomain)) {
    const bool below = text.starts_with(kSubdomains);
    auto domain = parse_domain(text.substr(below ? kSubdomains.size() : kDomain.size()));
    // Nothing is below an address literal.
    if (!domain || (below && domain->starts_with('['))) return std::nullopt;
    pattern.kind_ = below ? Kind::subdomains : Kind::domain;
    pattern.domain_ = std::move(*domain);
    return pattern;
  }
  // RFC 5321 allows `*` inside a local part; here it would be a wildcard that isn't one.
  auto address = smtp::Mailbox::parse(text);
  if (!address || text.contains('*')) return std::nullopt;
  return exactly(std::move(*address));
}

SenderPattern SenderPattern::exactly(smtp::Mailbox address) {
  SenderPattern pattern;
  pattern.kind_ = Kind::address;
  pattern.address_ = std::move(address);
  return pattern;
}

bool SenderPattern::matches(const smtp::ReversePath& path) const {
  if (kind_ == Kind::any) return true;
  if (path.is_null()) return false;
  switch (kind_) {
    case Kind::own:
      return false;
    case Kind::address:
      return *address_ == *path.mailbox;
    case Kind::domain:
      return path.mailbox->domain() == domain_;
    case Kind::subdomains:
      return is_below(path.mailbox->domain(), domain_);
    case Kind::any:
      return true;
  }
  return false;
}

bool SenderPattern::covers(const SenderPattern& other) const {
  if (kind_ == Kind::own || other.kind_ == Kind::own) return false;
  switch (other.kind_) {
    case Kind::own:
      return false;
    case Kind::address:
      return matches(smtp::ReversePath{other.address_});
    case Kind::domain:
      return kind_ == Kind::any || (kind_ == Kind::domain && domain_ == other.domain_) ||
             (kind_ == Kind::subdomains && is_below(other.domain_, domain_));
    case Kind::subdomains:
      return kind_ == Kind::any ||
             (kind_ == Kind::subdomains && (domain_ == other.domain_ || is_below(other.domain_, domain_)));
    case Kind::any:
      return kind_ == Kind::any;
  }
  return false;
}

std::string SenderPattern::to_string() const {
  switch (kind_) {
    case Kind::own:
      return "own";
    case Kind::address:
      return address_->to_string();
    case Kind::domain:
      return "*@" + domain_;
    case Kind::subdomains:
      return "*@*." + domain_;
    case Kind::any:
      return "*";
  }
  return {};
}

std::optional<LocalUserRule> LocalUserRule::parse(std::string_view text) {
  if (text.starts_with('#')) {
    const auto id = parse_user_id(text.substr(1));
    return id ? std::optional(LocalUserRule{{}, id}) : std::nullopt;
  }
  const bool is_number = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (is_number || !is_local_user_name(text)) return std::nullopt;  // a number stands behind '#'
  return LocalUserRule{std::string(text), std::nullopt};
}

bool LocalUserRule::matches(const LocalUser& user) const {
  return id ? *id == user.id : name == user.name;
}

std::string LocalUserRule::to_string() const {
  return id ? LocalUser{*id, {}}.to_string() : name;
}

bool Account::owns(const smtp::Mailbox& mailbox) const {
  return mailbox == address || std::ranges::find(aliases, mailbox) != aliases.end();
}

bool Account::serves(const smtp::ReversePath& from) const {
  return std::ranges::any_of(senders, [&](const SenderPattern& pattern) {
    if (pattern.kind() == SenderPattern::Kind::own) return from.mailbox && owns(*from.mailbox);
    return pattern.matches(from);
  });
}

}  // namespace homeward::mail
