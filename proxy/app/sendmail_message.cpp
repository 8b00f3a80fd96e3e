#include "proxy/app/sendmail_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "proxy/base/text.hpp"
#include "proxy/mail/address.hpp"

namespace homeward::app {
namespace {

constexpr std::size_t kMaxLine = 1UL << 20U;  // a longer one is broken, so that memory stays in bounds

/// field-name ":"; RFC 5322 §2.2, blanks before the colon as §4.5 has them. The name's length, or 0.
std::size_t field_name(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return 0;
  const auto name = text::trim(line.substr(0, colon));
  const bool is_name = !name.empty() && std::ranges::all_of(name, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
  });
  return is_name && !line.starts_with(' ') && !line.starts_with('\t') ? name.size() : 0;
}

bool is_any_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names,
                             [&](std::string_view one) { return text::equals_ignoring_case(name, one); });
}

constexpr std::array<std::string_view, 3> kPlain{"To", "Cc", "Bcc"};
constexpr std::array<std::string_view, 3> kResent{"Resent-To", "Resent-Cc", "Resent-Bcc"};
constexpr std::array<std::string_view, 2> kHidden{"Bcc", "Resent-Bcc"};

}  // namespace

bool MessageReader::feed(std::string_view block) {
  while (!block.empty() && !is_over_) {
    const auto end = block.find('\n');
    const auto part = block.substr(0, end);
    line_ += part;
    block.remove_prefix(std::min(block.size(), part.size() + 1));
    if (text_.size() + line_.size() > limit_) {
      is_over_ = is_too_large_ = true;
      break;
    }
    if (end != std::string_view::npos || line_.size() > kMaxLine) is_over_ = !end_line();
  }
  return !is_over_;
}

/// False where this line was the end.
bool MessageReader::end_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  if (lone_dot_ == LoneDot::ends && line_ == ".") {
    line_.clear();
    return false;
  }
  text_ += line_;
  text_ += "\r\n";
  line_.clear();
  return true;
}

std::string MessageReader::take() {
  if (!line_.empty()) (void)end_line();
  return std::move(text_);
}

std::string_view HeaderField::value() const {
  const auto colon = raw.find(':');
  return colon == std::string::npos ? std::string_view{} : std::string_view(raw).substr(colon + 1);
}

bool SentMessage::has(std::string_view name) const {
  return std::ranges::any_of(
      header, [&](const HeaderField& field) { return text::equals_ignoring_case(field.name, name); });
}

std::size_t SentMessage::size() const {
  std::size_t octets = body.size() + 2;
  for (const auto& field : header) octets += field.raw.size();
  return octets;
}

std::expected<SentMessage, std::string> cut_message(std::string text) {
  SentMessage message;
  std::size_t at = 0;
  while (at < text.size()) {
    if (at > kMaxHeader)
      return std::unexpected(fmt::format("the header is larger than {} octets", kMaxHeader));
    const auto end = text.find("\r\n", at);
    const auto next = end == std::string::npos ? text.size() : end + 2;
    const std::string_view line = std::string_view(text).substr(at, next - at);
    if (line == "\r\n") {  // the end of the header, no part of the body
      at = next;
      break;
    }
    const bool is_mbox = at == 0 && line.starts_with("From ");
    const bool is_folded = !message.header.empty() && (line.front() == ' ' || line.front() == '\t');
    if (const auto name = is_folded ? 0 : field_name(line); name > 0)
      message.header.push_back({std::string(line.substr(0, name)), std::string(line)});
    else if (is_folded)
      message.header.back().raw += line;
    else if (!is_mbox)
      break;
    at = next;
  }
  message.body = text.substr(at);
  return message;
}

std::expected<std::vector<smtp::ForwardPath>, std::string> take_recipients(SentMessage& message) {
  const bool is_resent = std::ranges::any_of(
      message.header, [](const HeaderField& field) { return is_any_of(field.name, kResent); });
  std::vector<smtp::ForwardPath> recipients;
  for (const auto& field : message.header) {
    if (!is_any_of(field.name, is_resent ? kResent : kPlain)) continue;
    auto paths = mail::parse_address_list(field.value());
    if (!paths) return std::unexpected(fmt::format("the field {} {}", field.name, paths.error()));
    for (auto& path : *paths)
      if (std::ranges::find(recipients, path) == recipients.end()) recipients.push_back(std::move(path));
  }
  std::erase_if(message.header, [](const HeaderField& field) { return is_any_of(field.name, kHidden); });
  return recipients;
}

void complete(SentMessage& message, const Missing& missing) {
  const auto add = [&](std::string name, const std::string& value) {
    if (message.has(name)) return;
    auto raw = fmt::format("{}: {}\r\n", name, value);
    message.header.insert(message.header.begin(), {std::move(name), std::move(raw)});
  };
  add("Message-ID", missing.message_id);
  add("Date", missing.date);
  add("From", missing.from);
}

}  // namespace homeward::app
