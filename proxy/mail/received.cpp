// The Received field and the watch for loops. RFC 5321 §4.4 (form), §6.3 (loops); RFC 5322 §2.2.3
// (folding), §3.6.7 (trace), §4.5 (a blank before the colon). Called where content passes to an account's
// server. With hide_client the FROM clause is left out: it is all that it would say.
#include "proxy/mail/received.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "proxy/base/text.hpp"
#include "proxy/mail/date.hpp"
#include "proxy/smtp/path.hpp"

namespace homeward::mail {
namespace {

/// Line length that RFC 5322 §2.1.1 asks for, without CR LF.
constexpr std::size_t kLineLength = 78;
/// What is kept of a line, and of a field, by LoopWatch. Our own field is shorter than 700 octets.
constexpr std::size_t kMaxKept = 1024;

/// atext = ALPHA / DIGIT / "!" / "#" / …: RFC 5322 §3.2.3; and the dot between atoms.
bool is_atom_or_dot(char c) {
  constexpr std::string_view kSpecial = "!#$%&'*+-/=?^_`{|}~.";
  const char lower = text::to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || kSpecial.contains(c);
}

/// address-literal = "[" ( IPv4 / "IPv6:" IPv6 ) "]": RFC 5321 §4.1.3.
std::string address_literal(const IpAddress& address) {
  return fmt::format("[{}{}]", address.is_v4() ? "" : "IPv6:", address.to_string());
}

/// A machine without a name is known by its address. RFC 5321 §4.4: By-domain = "BY" FWS Extended-Domain.
std::string own_mark(std::string_view hostname) {
  const auto address = IpAddress::parse(hostname);
  return fmt::format("by {} (homeward)", address ? address_literal(*address) : std::string(hostname));
}

bool is_address_literal(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return false;
  text = text.substr(1, text.size() - 2);
  if (text::starts_with_ignoring_case(text, "IPv6:")) text.remove_prefix(5);
  return IpAddress::parse(text).has_value();
}

/// A client says of itself what it likes: nothing of it may end the clause or begin a comment.
std::string client_name(const TraceFacts& facts) {
  const auto name = std::string_view(facts.client_name).substr(0, smtp::kMaxDomain);
  if (name.empty()) return address_literal(facts.client);
  std::string safe(name);
  if (!is_address_literal(name))
    std::ranges::replace_if(safe, [](char c) { return !is_atom_or_dot(c); }, '?');
  return safe;
}

/// Puts clauses on lines; a clause is never broken, so the mark stays whole.
std::string fold(std::span<const std::string> clauses) {
  std::string field = "Received:";
  std::size_t column = field.size();
  for (const auto& clause : clauses) {
    if (column + 1 + clause.size() < kLineLength) {
      field += ' ';
      column += 1 + clause.size();
    } else {
      field += "\r\n\t";
      column = 1 + clause.size();
    }
    field += clause;
  }
  return field += "\r\n";
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

void append_bounded(std::string& to, std::string_view piece) {
  to += piece.substr(0, kMaxKept - std::min(kMaxKept, to.size()));
}

/// Appends `line` in lower case with every run of blanks as one space, however a relay has folded it.
void append_unfolded(std::string& to, std::string_view line) {
  for (const char c : line) {
    if (to.size() >= kMaxKept) return;
    if (!is_blank(c)) {
      to += text::to_lower(c);
    } else if (!to.ends_with(' ')) {
      to += ' ';
    }
  }
}

}  // namespace

std::string received_field(const TraceFacts& facts) {
  std::array<std::string, 4> clauses;
  std::size_t count = 0;
  if (!facts.hide_client) {
    clauses[count++] = fmt::format("from {} ({})", client_name(facts), address_literal(facts.client));
  }
  clauses[count++] = own_mark(facts.hostname);
  clauses[count++] = fmt::format("with {} id {};", facts.esmtp ? "ESMTP" : "SMTP", facts.id);
  clauses[count++] = date_text(facts.when);
  return fold(std::span(clauses).first(count));
}

// The blank before it tells "by host" from "standby host".
LoopWatch::LoopWatch(std::string_view hostname) : own_mark_(text::to_lower(" " + own_mark(hostname))) {}

void LoopWatch::feed(std::string_view content) {
  while (in_header_ && !is_loop() && !content.empty()) {
    const auto end = content.find('\n');
    append_bounded(line_, content.substr(0, end));
    if (end == std::string_view::npos) return;
    end_of_line();
    line_.clear();
    content.remove_prefix(end + 1);
  }
}

void LoopWatch::end_of_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  if (line_.empty()) {
    in_header_ = false;
  } else if (!is_blank(line_.front())) {
    begin_field();
  } else if (mark_wanted_) {
    continue_field(line_);
  }
}

void LoopWatch::begin_field() {
  const std::string_view line = line_;
  const auto colon = line.find(':');
  mark_wanted_ = colon != std::string_view::npos &&
                 text::equals_ignoring_case(text::trim(line.substr(0, colon)), "Received");
  if (!mark_wanted_) return;
  ++received_;
  trace_ = " ";
  continue_field(line.substr(colon + 1));
}

void LoopWatch::continue_field(std::string_view piece) {
  // Looks only where something is new, so that a field of many short lines costs no more than its length.
  const auto known = trace_.size() - std::min(trace_.size(), own_mark_.size());
  append_unfolded(trace_, piece);
  const bool found = trace_.find(own_mark_, known) != std::string::npos;
  if (found) ++own_;
  mark_wanted_ = !found && trace_.size() < kMaxKept;
}

}  // namespace homeward::mail
