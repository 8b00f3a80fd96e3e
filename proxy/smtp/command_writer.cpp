#include "proxy/smtp/command_writer.hpp"

#include <fmt/format.h>

#include "proxy/base/network.hpp"
#include "proxy/base/text.hpp"
#include "proxy/smtp/xtext.hpp"

namespace homeward::smtp {
namespace {

bool is_writable(std::string_view argument) {
  return !text::has_control(argument) && text::is_ascii(argument);
}

// What the parser checked is checked again, as an entry of the spool has been on a disk meanwhile.
bool is_original_recipient(std::string_view value) {
  const auto semicolon = value.find(';');
  return value.size() <= kMaxOriginalRecipient && semicolon != std::string_view::npos && semicolon > 0 &&
         value.find_first_of(" =") == std::string_view::npos && is_writable(value) &&
         is_printable_xtext(value.substr(semicolon + 1));
}

Error unwritable(std::string_view keyword) {
  return make_error(Fault::client, 501, {5, 5, 4}, fmt::format("{} can't be written", keyword));
}

}  // namespace

Result<std::string> write_ehlo(std::string_view hostname) {
  std::string name(hostname);
  // RFC 5321 §4.1.3: an address stands in brackets.
  if (const auto address = IpAddress::parse(hostname)) {
    name = address->is_v4() ? fmt::format("[{}]", hostname) : fmt::format("[IPv6:{}]", hostname);
  }
  if (name.empty() || !is_writable(name) || name.find(' ') != std::string::npos) {
    return std::unexpected(
        make_error(Fault::local, 451, {4, 3, 5}, "the configured hostname is no host name"));
  }
  return fmt::format("EHLO {}\r\n", name);
}

Result<std::string> write_mail(const ReversePath& from, const MailParameters& parameters,
                               const Capabilities& capabilities) {
  const auto path = from.to_string();
  if (!is_writable(path)) {
    return std::unexpected(
        make_error(Fault::client, 501, {5, 1, 7}, "the sender's address can't be written"));
  }
  std::string line = "MAIL FROM:" + path;
  if (parameters.size && capabilities.size) line += fmt::format(" SIZE={}", *parameters.size);
  if (parameters.body == BodyType::eight_bit_mime && capabilities.eight_bit_mime) line += " BODY=8BITMIME";
  if (capabilities.dsn && parameters.ret) {
    line += *parameters.ret == ReturnContent::full ? " RET=FULL" : " RET=HDRS";
  }
  if (capabilities.dsn && !parameters.envelope_id.empty()) {
    if (parameters.envelope_id.size() > kMaxEnvelopeId || !is_printable_xtext(parameters.envelope_id)) {
      return std::unexpected(unwritable("ENVID"));
    }
    line += " ENVID=" + parameters.envelope_id;
  }
  return line += "\r\n";
}

Result<std::string> write_rcpt(const Recipient& recipient, const Capabilities& capabilities) {
  const auto& to = recipient.path;
  const auto path = to.to_string();
  if (!is_writable(path)) {
    return std::unexpected(
        make_error(Fault::client, 501, {5, 1, 3}, "the recipient's address can't be written"));
  }
  std::string line = "RCPT TO:" + path;
  const auto& [notify, original] = recipient.parameters;
  if (capabilities.dsn && notify) line += " NOTIFY=" + to_string(*notify);
  if (capabilities.dsn && !original.empty()) {
    if (!is_original_recipient(original)) return std::unexpected(unwritable("ORCPT"));
    line += " ORCPT=" + original;
  }
  return line += "\r\n";
}

}  // namespace homeward::smtp
