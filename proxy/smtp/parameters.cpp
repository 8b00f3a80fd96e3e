// Parameters of MAIL and RCPT, one at a time. Called by the command parser with what stands behind the path.
// RFC 5321 §4.1.2 (grammar), RFC 1870, RFC 6152, RFC 4954 §5, RFC 3461 §4.
#include "proxy/smtp/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

#include "proxy/base/text.hpp"
#include "proxy/smtp/xtext.hpp"

namespace homeward::smtp {

namespace {

constexpr std::size_t kMaxSizeDigits = 20;  // size-value = 1*20DIGIT, RFC 1870 §3
constexpr std::size_t kShownOfName = 40;

struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;  ///< nothing where there was no "="
};

std::unexpected<Error> bad(std::string text) {
  return std::unexpected(make_error(Fault::client, 501, {5, 5, 4}, std::move(text)));
}

/// Takes the first of the blank-separated words.
std::string_view take_word(std::string_view& text) {
  text = text::trim(text);
  const auto end = std::min(text.find_first_of(" \t"), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

// esmtp-param = esmtp-keyword ["=" esmtp-value]
Parameter split_parameter(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return {word, std::nullopt};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

std::string shown(std::string_view name) {
  return text::to_upper(text::printable(name, kShownOfName));
}

Error unknown_parameter(std::string_view command, std::string_view keyword) {
  return make_error(Fault::client, 555, {5, 5, 4},
                    fmt::format("{} parameter {} is not known here: leave it out", command, shown(keyword)));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Result<void> take_size(std::string_view value, MailParameters& parameters) {
  if (parameters.size) return bad("SIZE is given twice");
  if (value.empty() || value.size() > kMaxSizeDigits || !std::ranges::all_of(value, is_digit)) {
    return bad("SIZE needs a number of octets of 1 to 20 digits: write SIZE=12345");
  }
  std::uint64_t size = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), size);
  // Twenty digits pass 64 bits; such a message passes every limit too.
  parameters.size = failure == std::errc{} ? size : std::numeric_limits<std::uint64_t>::max();
  return {};
}

Result<void> take_body(std::string_view value, MailParameters& parameters) {
  if (parameters.body) return bad("BODY is given twice");
  if (text::equals_ignoring_case(value, "7BIT")) {
    parameters.body = BodyType::seven_bit;
  } else if (text::equals_ignoring_case(value, "8BITMIME")) {
    parameters.body = BodyType::eight_bit_mime;
  } else {
    return bad("BODY can only be 7BIT or 8BITMIME here");
  }
  return {};
}

Result<void> take_auth(std::string_view value, MailParameters& parameters) {
  if (parameters.auth_given) return bad("AUTH is given twice");
  if (value.empty() || !decode_xtext(value)) return bad("AUTH needs <> or an address in xtext (RFC 4954)");
  parameters.auth_given = true;
  return {};
}

// RET = FULL / HDRS. RFC 3461 §4.3
Result<void> take_ret(std::string_view value, MailParameters& parameters) {
  if (parameters.ret) return bad("RET is given twice");
  if (text::equals_ignoring_case(value, "FULL")) {
    parameters.ret = ReturnContent::full;
  } else if (text::equals_ignoring_case(value, "HDRS")) {
    parameters.ret = ReturnContent::headers;
  } else {
    return bad("RET can only be FULL or HDRS");
  }
  return {};
}

// ENVID = xtext, of printable characters. RFC 3461 §4.4
Result<void> take_envelope_id(std::string_view value, MailParameters& parameters) {
  if (!parameters.envelope_id.empty()) return bad("ENVID is given twice");
  if (value.size() > kMaxEnvelopeId) {
    return bad(fmt::format("ENVID is longer than {} characters", kMaxEnvelopeId));
  }
  if (!is_printable_xtext(value)) {
    return bad("ENVID needs printable text in xtext (RFC 3461): write + as +2B, = as +3D, a blank as +20");
  }
  parameters.envelope_id = value;
  return {};
}

// notify-list-element = "SUCCESS" / "FAILURE" / "DELAY". RFC 3461 §4.1
Result<void> add_event(std::string_view word, Notify& notify) {
  struct Event {
    std::string_view name;
    bool& wanted;
  };
  for (const auto& [name, wanted] :
       {Event{"SUCCESS", notify.success}, Event{"FAILURE", notify.failure}, Event{"DELAY", notify.delay}}) {
    if (!text::equals_ignoring_case(word, name)) continue;
    if (wanted) return bad(fmt::format("NOTIFY has {} twice", name));
    wanted = true;
    return {};
  }
  if (text::equals_ignoring_case(word, "NEVER")) return bad("NOTIFY=NEVER stands alone");
  return bad("NOTIFY can be NEVER, or SUCCESS, FAILURE and DELAY parted by commas");
}

Result<void> take_notify(std::string_view value, RcptParameters& parameters) {
  if (parameters.notify) return bad("NOTIFY is given twice");
  Notify notify;
  if (!text::equals_ignoring_case(value, "NEVER")) {
    for (auto rest = value;;) {
      const auto comma = rest.find(',');
      if (auto added = add_event(rest.substr(0, comma), notify); !added) return added;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  parameters.notify = notify;
  return {};
}

/// atom of RFC 5322 §3.2.3, as far as types of addresses go ("rfc822", "x400").
bool is_address_type(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-/?^_`{|}~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// original-recipient-address = addr-type ";" xtext. RFC 3461 §4.2
Result<void> take_original_recipient(std::string_view value, RcptParameters& parameters) {
  if (!parameters.original_recipient.empty()) return bad("ORCPT is given twice");
  if (value.size() > kMaxOriginalRecipient) {
    return bad(fmt::format("ORCPT is longer than {} characters", kMaxOriginalRecipient));
  }
  const auto semicolon = value.find(';');
  if (semicolon == std::string_view::npos || !is_address_type(value.substr(0, semicolon))) {
    return bad("ORCPT needs the type of the address: write ORCPT=rfc822;name@domain");
  }
  if (!is_printable_xtext(value.substr(semicolon + 1))) {
    return bad("ORCPT needs an address in xtext (RFC 3461): write + as +2B, = as +3D, a blank as +20");
  }
  parameters.original_recipient = value;
  return {};
}

template <class Parameters>
struct Known {
  std::string_view keyword;
  Result<void> (*take)(std::string_view value, Parameters& parameters);
};

constexpr auto kMailParameters = std::to_array<Known<MailParameters>>({
    {"SIZE", take_size},
    {"BODY", take_body},
    {"AUTH", take_auth},
    {"RET", take_ret},
    {"ENVID", take_envelope_id},
});
constexpr auto kRcptParameters = std::to_array<Known<RcptParameters>>({
    {"NOTIFY", take_notify},
    {"ORCPT", take_original_recipient},
});

/// Takes all words of `text` by the table `known`.
template <class Parameters, std::size_t Size>
Result<Parameters> parse_all(std::string_view command, std::string_view text,
                             const std::array<Known<Parameters>, Size>& known) {
  Parameters parameters;
  for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
    const auto [keyword, value] = split_parameter(word);
    if (keyword.empty()) return bad(fmt::format("{} has a parameter without a name", command));
    const auto row = std::ranges::find_if(
        known, [&](const auto& each) { return text::equals_ignoring_case(each.keyword, keyword); });
    if (row == known.end()) return std::unexpected(unknown_parameter(command, keyword));
    if (auto taken = row->take(value.value_or(std::string_view{}), parameters); !taken) {
      return std::unexpected(std::move(taken.error()));
    }
  }
  return parameters;
}

}  // namespace

Result<MailParameters> parse_mail_parameters(std::string_view text) {
  return parse_all<MailParameters>("MAIL", text, kMailParameters);
}

Result<RcptParameters> parse_rcpt_parameters(std::string_view text) {
  return parse_all<RcptParameters>("RCPT", text, kRcptParameters);
}

std::string to_string(const Notify& notify) {
  std::string words;
  const auto add = [&](bool wanted, std::string_view name) {
    if (!wanted) return;
    if (!words.empty()) words += ',';
    words += name;
  };
  add(notify.success, "SUCCESS");
  add(notify.failure, "FAILURE");
  add(notify.delay, "DELAY");
  return words.empty() ? "NEVER" : words;
}

}  // namespace homeward::smtp
