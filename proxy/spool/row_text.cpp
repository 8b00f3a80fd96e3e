// Writing and parsing of rows' texts. A recipient's fields: status, path, notify, ORCPT, reported, reply
// code, enhanced code, then each line of the reply.
#include "proxy/spool/row_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace homeward::spool {
namespace {

constexpr std::string_view kNone = "-";
constexpr std::size_t kFields = 7;  ///< of a recipient, before the lines of its reply

std::unexpected<std::string> wrong(std::string_view what, std::string_view text) {
  return std::unexpected(fmt::format("{}: {}", what, text.substr(0, 80)));
}

void append_escaped(std::string& out, std::string_view field) {
  for (const char c : field) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\0':
        out += "\\0";
        break;
      default:
        out += c;
    }
  }
}

Parsed<std::string> unescape(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\') {
      out += field[i];
      continue;
    }
    const char c = ++i < field.size() ? field[i] : ' ';
    if (c != '\\' && c != 't' && c != 'n' && c != '0') return wrong("bad escape", field);
    out += c == 't' ? '\t' : c == 'n' ? '\n' : c == '0' ? '\0' : '\\';
  }
  return out;
}

/// The parts between separators, empty ones too.
std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view status_text(Recipient::Status status) {
  switch (status) {
    case Recipient::Status::waiting:
      return "waiting";
    case Recipient::Status::delivered:
      return "delivered";
    case Recipient::Status::refused:
      return "refused";
  }
  return kNone;
}

std::optional<Recipient::Status> parse_status(std::string_view text) {
  for (const auto status :
       {Recipient::Status::waiting, Recipient::Status::delivered, Recipient::Status::refused}) {
    if (text == status_text(status)) return status;
  }
  return std::nullopt;
}

std::string notify_text(const std::optional<smtp::Notify>& notify) {
  if (!notify) return std::string(kNone);
  std::string text;
  if (notify->success) text += "success,";
  if (notify->failure) text += "failure,";
  if (notify->delay) text += "delay,";
  if (text.empty()) return "never";
  text.pop_back();
  return text;
}

Parsed<std::optional<smtp::Notify>> parse_notify(std::string_view text) {
  if (text == kNone) return std::optional<smtp::Notify>{};
  smtp::Notify notify;
  if (text == "never") return notify;
  for (const auto word : parts_of(text, ',')) {
    if (word == "success") {
      notify.success = true;
    } else if (word == "failure") {
      notify.failure = true;
    } else if (word == "delay") {
      notify.delay = true;
    } else {
      return wrong("bad notify", text);
    }
  }
  return notify;
}

Parsed<std::optional<EnhancedCode>> parse_enhanced(std::string_view text) {
  if (text == kNone) return std::optional<EnhancedCode>{};
  const auto parts = parts_of(text, '.');
  if (parts.size() != 3) return wrong("bad enhanced code", text);
  const auto status = number<std::uint8_t>(parts[0]);
  const auto subject = number<std::uint16_t>(parts[1]);
  const auto detail = number<std::uint16_t>(parts[2]);
  if (!status || !subject || !detail) return wrong("bad enhanced code", text);
  return EnhancedCode{*status, *subject, *detail};
}

Parsed<std::optional<smtp::Reply>> parse_reply(const std::vector<std::string_view>& fields) {
  if (fields[5] == kNone) return std::optional<smtp::Reply>{};
  smtp::Reply reply;
  const auto code = number<int>(fields[5]);
  if (!code) return wrong("bad reply code", fields[5]);
  reply.code = *code;
  auto enhanced = parse_enhanced(fields[6]);
  if (!enhanced) return std::unexpected(std::move(enhanced.error()));
  reply.enhanced = *enhanced;
  for (std::size_t i = kFields; i < fields.size(); ++i) {
    auto line = unescape(fields[i]);
    if (!line) return std::unexpected(std::move(line.error()));
    reply.lines.push_back(std::move(*line));
  }
  return reply;
}

Parsed<smtp::ForwardPath> parse_forward_path_text(std::string_view text) {
  smtp::QuirkSet seen;
  auto parsed = smtp::parse_forward_path(text, {}, seen);
  if (!parsed || !parsed->rest.empty()) return wrong("bad recipient", text);
  return std::move(parsed->path);
}

Parsed<Recipient> parse_recipient(std::string_view text) {
  const auto fields = parts_of(text, '\t');
  if (fields.size() < kFields) return wrong("cut recipient", text);
  Recipient one;
  const auto status = parse_status(fields[0]);
  if (!status || (fields[4] != "0" && fields[4] != "1")) return wrong("bad recipient status", text);
  one.status = *status;
  one.reported = fields[4] == "1";
  const auto path = unescape(fields[1]);
  auto parsed = path ? parse_forward_path_text(*path) : wrong("bad recipient", text);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  one.to.path = std::move(*parsed);
  const auto notify = parse_notify(fields[2]);
  if (!notify) return std::unexpected(notify.error());
  one.to.parameters.notify = *notify;
  auto original = unescape(fields[3]);
  if (!original) return std::unexpected(std::move(original.error()));
  one.to.parameters.original_recipient = std::move(*original);
  auto reply = parse_reply(fields);
  if (!reply) return std::unexpected(std::move(reply.error()));
  one.last = std::move(*reply);
  return one;
}

void append_recipient(std::string& out, const Recipient& one) {
  out += status_text(one.status);
  out += '\t';
  append_escaped(out, one.to.path.to_string());
  out += '\t';
  out += notify_text(one.to.parameters.notify);
  out += '\t';
  append_escaped(out, one.to.parameters.original_recipient);
  out += one.reported ? "\t1\t" : "\t0\t";
  if (!one.last) {
    out += "-\t-";
    return;
  }
  out += std::to_string(one.last->code);
  out += '\t';
  out += one.last->enhanced ? to_string(*one.last->enhanced) : std::string(kNone);
  for (const auto& line : one.last->lines) {
    out += '\t';
    append_escaped(out, line);
  }
}

/// Takes over one "key=value" of a MAIL's parameters.
bool take_parameter(std::string_view key, std::string value, smtp::MailParameters& parameters) {
  if (key == "size") {
    parameters.size = number<std::uint64_t>(value);
    return parameters.size.has_value();
  }
  if (key == "body") {
    parameters.body = value == "8bitmime" ? smtp::BodyType::eight_bit_mime : smtp::BodyType::seven_bit;
    return value == "8bitmime" || value == "7bit";
  }
  if (key == "ret") {
    parameters.ret = value == "full" ? smtp::ReturnContent::full : smtp::ReturnContent::headers;
    return value == "full" || value == "hdrs";
  }
  if (key == "envid") {
    parameters.envelope_id = std::move(value);
    return true;
  }
  if (key == "auth") return parameters.auth_given = true;
  return false;
}

}  // namespace

bool is_id(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, fits);
}

std::string parameters_text(const smtp::MailParameters& parameters) {
  std::string out;
  if (parameters.size) out += fmt::format("size={}\t", *parameters.size);
  if (parameters.body) {
    out += *parameters.body == smtp::BodyType::eight_bit_mime ? "body=8bitmime\t" : "body=7bit\t";
  }
  if (parameters.auth_given) out += "auth=\t";
  if (parameters.ret) out += *parameters.ret == smtp::ReturnContent::full ? "ret=full\t" : "ret=hdrs\t";
  if (!parameters.envelope_id.empty()) {
    out += "envid=";
    append_escaped(out, parameters.envelope_id);
    out += '\t';
  }
  if (!out.empty()) out.pop_back();
  return out;
}

Parsed<smtp::MailParameters> parse_parameters_text(std::string_view text) {
  smtp::MailParameters parameters;
  if (text.empty()) return parameters;
  for (const auto field : parts_of(text, '\t')) {
    const auto equals = field.find('=');
    if (equals == std::string_view::npos) return wrong("bad parameter", field);
    auto value = unescape(field.substr(equals + 1));
    if (!value) return std::unexpected(std::move(value.error()));
    if (!take_parameter(field.substr(0, equals), std::move(*value), parameters)) {
      return wrong("bad parameter", field);
    }
  }
  return parameters;
}

std::string recipients_text(const std::vector<Recipient>& recipients) {
  std::string out;
  for (const auto& one : recipients) {
    if (!out.empty()) out += '\n';
    append_recipient(out, one);
  }
  return out;
}

Parsed<std::vector<Recipient>> parse_recipients_text(std::string_view text) {
  std::vector<Recipient> recipients;
  if (text.empty()) return recipients;
  for (const auto line : parts_of(text, '\n')) {
    auto one = parse_recipient(line);
    if (!one) return std::unexpected(std::move(one.error()));
    recipients.push_back(std::move(*one));
  }
  return recipients;
}

Parsed<smtp::ReversePath> parse_reverse_path_text(std::string_view text) {
  smtp::QuirkSet seen;
  auto parsed = smtp::parse_reverse_path(text, {}, seen);
  if (!parsed || !parsed->rest.empty()) return wrong("bad reverse-path", text);
  return std::move(parsed->path);
}

}  // namespace homeward::spool
