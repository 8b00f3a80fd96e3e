// Parameters of MAIL and RCPT, one at a time. Called by the command parser with what stands behind the path.
// RFC 5321 §4.1.2 (grammar), RFC 1870, RFC 6152, RFC 4954 §5, RFC 3461 §4 (xtext).
#include "proxy/smtp/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

#include "proxy/base/text.hpp"

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
  const bool dsn =
      std::ranges::any_of(std::initializer_list<std::string_view>{"RET", "ENVID", "NOTIFY", "ORCPT"},
                          [&](auto name) { return text::equals_ignoring_case(name, keyword); });
  auto text = dsn ? fmt::format("{} parameter {} needs DSN, which is not offered", command, shown(keyword))
                  : fmt::format("{} parameter {} is not known here: leave it out", command, shown(keyword));
  return make_error(Fault::client, 555, {5, 5, 4}, std::move(text));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'F');
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

// xtext = *( xchar / hexchar ); xchar = %d33-42 / %d44-60 / %d62-126; hexchar = "+" 2(HEXDIG)
bool is_xtext(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c <= ' ' || c > '~' || c == '=') return false;
    if (c != '+') continue;
    if (i + 2 >= text.size() || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2])) return false;
    i += 2;
  }
  return true;
}

Result<void> take_auth(std::string_view value, MailParameters& parameters) {
  if (parameters.auth_given) return bad("AUTH is given twice");
  if (value.empty() || !is_xtext(value)) return bad("AUTH needs <> or an address in xtext (RFC 4954)");
  parameters.auth_given = true;
  return {};
}

Result<void> take_mail_parameter(const Parameter& parameter, MailParameters& parameters) {
  const auto value = parameter.value.value_or(std::string_view{});
  if (text::equals_ignoring_case(parameter.keyword, "SIZE")) return take_size(value, parameters);
  if (text::equals_ignoring_case(parameter.keyword, "BODY")) return take_body(value, parameters);
  if (text::equals_ignoring_case(parameter.keyword, "AUTH")) return take_auth(value, parameters);
  if (parameter.keyword.empty()) return bad("MAIL has a parameter without a name");
  return std::unexpected(unknown_parameter("MAIL", parameter.keyword));
}

}  // namespace

Result<MailParameters> parse_mail_parameters(std::string_view text) {
  MailParameters parameters;
  for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
    if (auto taken = take_mail_parameter(split_parameter(word), parameters); !taken) {
      return std::unexpected(std::move(taken.error()));
    }
  }
  return parameters;
}

Result<RcptParameters> parse_rcpt_parameters(std::string_view text) {
  const auto word = take_word(text);
  if (word.empty()) return RcptParameters{};
  return std::unexpected(unknown_parameter("RCPT", split_parameter(word).keyword));
}

}  // namespace homeward::smtp
