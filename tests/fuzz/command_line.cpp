// Fuzz target: a client's bytes as command lines. RFC 5321 §4.1.1; safety.md 2.8.
#include "proxy/base/text.hpp"
#include "proxy/smtp/command_parser.hpp"
#include "proxy/smtp/line_splitter.hpp"
#include "proxy/smtp/reply.hpp"
#include "tests/fuzz/targets.hpp"

namespace homeward::fuzz {

namespace {

void check_printable(std::string_view text) {
  promise(text::is_ascii(text) && !text::has_control(text), "what goes on is printable ASCII");
}

/// What of the command may reach an upstream or the log.
struct CheckParts {
  void operator()(const smtp::Helo& helo) const { check_printable(helo.client_name); }
  void operator()(const smtp::Ehlo& ehlo) const { check_printable(ehlo.client_name); }
  void operator()(const smtp::Mail& mail) const {
    check_printable(mail.from.to_string());
    check_printable(mail.parameters.envelope_id);
  }
  void operator()(const smtp::Rcpt& rcpt) const {
    check_printable(rcpt.to.path.to_string());
    check_printable(rcpt.to.parameters.original_recipient);
  }
  void operator()(const smtp::Auth& auth) const {
    promise(!auth.mechanism.empty(), "AUTH has a mechanism");
    check_printable(auth.mechanism);
    check_printable(auth.initial_response.value_or(std::string()));
  }
  void operator()(const smtp::HttpVerb& http) const { check_printable(http.verb); }
  template <class Plain>
  void operator()(const Plain& /*none*/) const {}
};

void check_line(std::string_view line) {
  const auto strict = smtp::parse_command(line, {});
  const auto tolerant = smtp::parse_command(line, smtp::QuirkSet::all());
  if (!tolerant) {
    const auto& reply = tolerant.error().reply;
    promise(reply.code >= 500 && reply.code <= 555, "a refused line is refused for good");
    promise(reply.enhanced.status == 5, "and its enhanced code says so");
    promise(smtp::to_wire(smtp::make_reply(reply)).size() <= smtp::kMaxReplyLine, "in one line");
  }
  if (strict) {
    promise(strict->seen.empty(), "nothing is mended where nothing is tolerated");
    promise(tolerant && tolerant->command.index() == strict->command.index(), "tolerance takes nothing away");
  }
  if (tolerant) std::visit(CheckParts{}, tolerant->command);
}

}  // namespace

void fuzz_command_line(std::string_view input) {
  constexpr std::size_t kLimit = 64;  // small, so that the fuzzer meets it
  check_line(input);
  while (const auto split = smtp::split_line(input, kLimit)) {
    promise(split->consumed > 0 && split->consumed <= input.size(), "splitting goes on");
    promise(split->line.size() < kLimit, "a line stays below the limit");
    promise(!split->too_long || split->line.empty(), "a line that is too long is not handed out");
    if (!split->too_long) check_line(split->line);
    input.remove_prefix(split->consumed);
  }
  promise(input.size() < kLimit && input.find('\n') == std::string_view::npos,
          "only an unfinished line is left");
}

}  // namespace homeward::fuzz
