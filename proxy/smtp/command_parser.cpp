// One command line, from bytes to a value: the verb chooses the function that reads the argument.
// Called by server_dialog. RFC 5321 §4.1.1, RFC 4954 §4 (AUTH), RFC 3207 §4 (STARTTLS).
#include "proxy/smtp/command_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/base/text.hpp"

namespace homeward::smtp {

namespace {

constexpr std::size_t kMaxClientName = kMaxDomain;
constexpr std::size_t kMaxMechanismName = 20;  // RFC 4422 §3.1
constexpr std::size_t kMaxHttpVerb = 16;

Error bad_line(std::string text) {
  return make_error(Fault::client, 500, {5, 5, 2}, std::move(text));
}
Error bad_argument(std::string text) {
  return make_error(Fault::client, 501, {5, 5, 4}, std::move(text));
}

/// Takes the first word; what is left starts without blanks.
std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text = text::trim(text.substr(end));
  return word;
}

/// What may be read at all: printable ASCII that starts with a verb. Envelope injection (safety.md 2.8) and
/// a bare CR that hides a second command end here.
Result<void> check_line(std::string_view line) {
  if (!text::is_ascii(line)) {
    return std::unexpected(
        bad_line("Line holds non-ASCII characters: they need SMTPUTF8, which is not offered"));
  }
  const auto control = std::ranges::find_if(line, [](char c) { return c < ' ' || c == 0x7f; });
  if (control != line.end()) {
    return std::unexpected(
        bad_line(fmt::format("Line holds a control character (octet {:02x}): send plain text "
                             "lines that end in CR LF",
                             static_cast<unsigned char>(*control))));
  }
  if (line.empty()) return std::unexpected(bad_line("Line is empty: send a command"));
  if (line.front() == ' ')
    return std::unexpected(bad_line("Line starts with a blank: start it with the command"));
  return {};
}

// helo = "HELO" SP Domain; ehlo = "EHLO" SP ( Domain / address-literal ). Any name is taken: devices send
// underscores, bare addresses, their owner's name.
template <class Greeting>
Result<ParsedCommand> read_greeting(std::string_view verb, std::string_view argument) {
  if (argument.empty()) {
    return std::unexpected(
        bad_argument(fmt::format("{0} needs the client's name: write {0} client.example", verb)));
  }
  if (argument.size() > kMaxClientName) {
    return std::unexpected(
        bad_argument(fmt::format("{} has a name of more than {} octets", verb, kMaxClientName)));
  }
  return ParsedCommand{Greeting{std::string(argument)}, {}};
}

template <class Plain>
Result<ParsedCommand> read_plain(std::string_view verb, std::string_view argument) {
  if (!argument.empty()) {
    return std::unexpected(bad_argument(fmt::format("{} takes no argument: send it alone", verb)));
  }
  return ParsedCommand{Plain{}, {}};
}

// mail = "MAIL FROM:" Reverse-path [SP Mail-parameters]
Result<ParsedCommand> read_mail(std::string_view argument, QuirkSet quirks) {
  constexpr std::string_view kFrom = "FROM:";
  if (!text::starts_with_ignoring_case(argument, kFrom)) {
    return std::unexpected(bad_argument("MAIL needs FROM: and an address: write MAIL FROM:<name@domain>"));
  }
  ParsedCommand parsed;
  auto path = parse_reverse_path(argument.substr(kFrom.size()), quirks, parsed.seen);
  if (!path) return std::unexpected(std::move(path.error()));
  auto parameters = parse_mail_parameters(path->rest);
  if (!parameters) return std::unexpected(std::move(parameters.error()));
  parsed.command = Mail{std::move(path->path), *parameters};
  return parsed;
}

// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters]
Result<ParsedCommand> read_rcpt(std::string_view argument, QuirkSet quirks) {
  constexpr std::string_view kTo = "TO:";
  if (!text::starts_with_ignoring_case(argument, kTo)) {
    return std::unexpected(bad_argument("RCPT needs TO: and an address: write RCPT TO:<name@domain>"));
  }
  ParsedCommand parsed;
  auto path = parse_forward_path(argument.substr(kTo.size()), quirks, parsed.seen);
  if (!path) return std::unexpected(std::move(path.error()));
  auto parameters = parse_rcpt_parameters(path->rest);
  if (!parameters) return std::unexpected(std::move(parameters.error()));
  parsed.command = Rcpt{{std::move(path->path), *std::move(parameters)}};
  return parsed;
}

// sasl-mech = 1*20mech-char; mech-char = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE
bool is_mechanism_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= kMaxMechanismName && std::ranges::all_of(name, allowed);
}

// auth-command = "AUTH" SP sasl-mech [SP initial-response]; initial-response = base64 / "="
Result<ParsedCommand> read_auth(std::string_view argument) {
  auto mechanism = text::to_upper(take_word(argument));
  if (!is_mechanism_name(mechanism)) {
    return std::unexpected(
        bad_argument("AUTH needs the name of a mechanism: write AUTH PLAIN or one that EHLO lists"));
  }
  if (argument.find(' ') != std::string_view::npos) {
    return std::unexpected(bad_argument("AUTH takes a mechanism and at most one response"));
  }
  Auth auth{std::move(mechanism), std::nullopt};
  if (!argument.empty()) auth.initial_response = argument == "=" ? std::string() : std::string(argument);
  return ParsedCommand{std::move(auth), {}};
}

/// A request line of HTTP, by its method or by the version at its end. RFC 9112 §3.
std::optional<HttpVerb> find_http(std::string_view verb, std::string_view argument) {
  constexpr std::array<std::string_view, 9> kMethods{"GET",     "POST",   "PUT",   "HEAD", "OPTIONS",
                                                     "CONNECT", "DELETE", "PATCH", "TRACE"};
  const auto is_verb = [&](std::string_view method) { return text::equals_ignoring_case(method, verb); };
  const auto version = argument.rfind(' ');
  const auto last = version == std::string_view::npos ? argument : argument.substr(version + 1);
  if (!std::ranges::any_of(kMethods, is_verb) && !last.starts_with("HTTP/")) return std::nullopt;
  return HttpVerb{text::to_upper(verb.substr(0, kMaxHttpVerb))};
}

}  // namespace

Result<ParsedCommand> parse_command(std::string_view line, QuirkSet quirks) {
  // Blanks before the line end are tolerated. RFC 5321 §4.1.1.
  line = line.substr(0, line.find_last_not_of(" \t") + 1);
  if (auto checked = check_line(line); !checked) return std::unexpected(std::move(checked.error()));

  auto argument = line;
  const auto word = take_word(argument);
  const auto verb = text::to_upper(word.substr(0, kMaxHttpVerb));
  if (verb == "HELO") return read_greeting<Helo>(verb, argument);
  if (verb == "EHLO") return read_greeting<Ehlo>(verb, argument);
  if (verb == "MAIL") return read_mail(argument, quirks);
  if (verb == "RCPT") return read_rcpt(argument, quirks);
  if (verb == "DATA") return read_plain<DataCommand>(verb, argument);
  if (verb == "RSET") return read_plain<Rset>(verb, argument);
  if (verb == "QUIT") return read_plain<Quit>(verb, argument);
  if (verb == "STARTTLS") return read_plain<StartTls>(verb, argument);
  if (verb == "AUTH") return read_auth(argument);
  if (verb == "NOOP") return ParsedCommand{Noop{}, {}};
  if (verb == "HELP") return ParsedCommand{Help{}, {}};
  if (verb == "VRFY") return ParsedCommand{Vrfy{}, {}};
  if (verb == "EXPN") return ParsedCommand{Expn{}, {}};
  if (auto http = find_http(word, argument)) return ParsedCommand{std::move(*http), {}};
  return std::unexpected(make_error(Fault::client, 500, {5, 5, 1}, "Command not recognised"));
}

}  // namespace homeward::smtp
