// The header's lines, octet by octet where it is not known yet what a line is, else line by line.
#include "proxy/mail/header_scanner.hpp"

#include <algorithm>

namespace homeward::mail {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// ftext = %d33-57 / %d59-126: RFC 5322 §3.6.8.
bool is_name_character(char c) {
  return c > ' ' && c < '\x7f' && c != ':';
}

/// What mailbox files put before a message: "From ann@x.example Tue Nov 24 …", or that once quoted.
bool is_mbox_line(std::string_view head) {
  head.remove_prefix(std::min(head.find_first_not_of('>'), head.size()));
  return head.starts_with("From ");
}

}  // namespace

std::size_t HeaderScanner::feed(std::string_view octets) {
  std::size_t used = 0;
  while (!done_ && used < octets.size()) {
    if (place_ == Place::in_line) {
      used += take_line(octets.substr(used));
    } else {
      take(octets[used++]);
    }
  }
  return used;
}

void HeaderScanner::take(char c) {
  if (place_ == Place::line_start && is_blank(c)) {
    if (!in_field_) {
      head_ += c;
      return bad_line();
    }
    place_ = Place::in_line;
    return give({&c, 1});
  }
  if (place_ == Place::line_start) begin_line(c);
  head_ += c;
  if (place_ == Place::after_cr || c == '\n') {
    if (head_ == "\r\n" || head_ == "\n") return end(HeaderEnd::empty_line);
    return bad_line();
  }
  take_name(c);
}

void HeaderScanner::begin_line(char c) {
  end_field();
  place_ = c == '\r' ? Place::line_start : Place::name;
  name_length_ = 0;
}

/// field = field-name *WSP ":" unstructured CRLF: RFC 5322 §3.6.8, §4.5
void HeaderScanner::take_name(char c) {
  if (place_ == Place::line_start) {
    place_ = Place::after_cr;
  } else if (c == ':' && name_length_ > 0) {
    begin_field();
  } else if (place_ == Place::name && is_name_character(c) && name_length_ < kMaxFieldName) {
    ++name_length_;
  } else if (is_blank(c) && name_length_ > 0 && head_.size() <= 2 * kMaxFieldName) {
    place_ = Place::blanks;
  } else {
    bad_line();
  }
}

void HeaderScanner::begin_field() {
  is_first_line_ = false;
  in_field_ = true;
  place_ = Place::in_line;
  treatment_ = sink_.on_field(std::string_view(head_).substr(0, name_length_));
  give(head_);
  head_.clear();
}

std::size_t HeaderScanner::take_line(std::string_view octets) {
  const auto end = octets.find('\n');
  const auto count = end == std::string_view::npos ? octets.size() : end + 1;
  if (end != std::string_view::npos) place_ = Place::line_start;
  give(octets.substr(0, count));
  return count;
}

void HeaderScanner::give(std::string_view octets) {
  if (treatment_ == Treatment::hold) {
    const auto room = std::min(kMaxHeldField - held_.size(), octets.size());
    held_ += octets.substr(0, room);
    octets.remove_prefix(room);
    if (octets.empty()) return;
    treatment_ = sink_.on_overlong(held_);
    held_ = {};
  }
  if (treatment_ == Treatment::pass) sink_.on_octets(octets);
}

void HeaderScanner::end_field() {
  if (in_field_ && treatment_ == Treatment::hold) sink_.on_held(held_);
  held_.clear();
  in_field_ = false;
}

/// head_ begins a line that is no field.
void HeaderScanner::bad_line() {
  if (is_first_line_ && is_mbox_line(head_)) {
    is_first_line_ = false;
    sink_.on_mbox_line();
    treatment_ = Treatment::drop;
    place_ = head_.ends_with('\n') ? Place::line_start : Place::in_line;
    head_.clear();
    return;
  }
  end(HeaderEnd::no_field);
}

void HeaderScanner::end(HeaderEnd how) {
  end_field();
  done_ = true;
  sink_.on_end(how);
  if (!head_.empty()) sink_.on_octets(head_);
  head_ = {};
  held_ = {};
}

void HeaderScanner::finish() {
  if (done_) return;
  if (!head_.empty()) bad_line();
  if (!done_) end(HeaderEnd::end_of_data);
}

}  // namespace homeward::mail
