// Fuzz target: a server's bytes as replies. RFC 5321 §4.2; safety.md 2.2, 2.9.
#include "proxy/base/text.hpp"
#include "proxy/smtp/capabilities.hpp"
#include "proxy/smtp/reply_parser.hpp"
#include "tests/fuzz/targets.hpp"

namespace homeward::fuzz {

namespace {

struct Outcome {
  std::vector<smtp::Reply> replies;
  std::optional<std::string> error;
  std::size_t buffered = 0;
};

Outcome parse(std::string_view input, std::size_t piece) {
  smtp::ReplyParser parser;
  Outcome outcome;
  while (!input.empty() && !outcome.error) {
    const auto part = input.substr(0, piece);
    parser.feed(part);
    input.remove_prefix(part.size());
    for (;;) {
      auto next = parser.next();
      if (!next) outcome.error = next.error().reply.text;
      if (!next || !*next) break;
      outcome.replies.push_back(std::move(**next));
    }
  }
  outcome.buffered = parser.buffered();
  return outcome;
}

bool same(const smtp::Reply& a, const smtp::Reply& b) {
  return a.code == b.code && a.enhanced == b.enhanced && a.lines == b.lines;
}

void check_reply(const smtp::Reply& reply) {
  promise(reply.code >= 200 && reply.code <= 599, "a code is of one of the four classes");
  promise(!reply.lines.empty() && reply.lines.size() <= smtp::ReplyParser::kMaxLines, "lines are bounded");
  promise(!reply.enhanced || reply.enhanced->status == reply.code / 100, "the classes agree");
  for (const auto& line : reply.lines) {
    promise(!text::has_control(line) && text::is_valid_utf8(line), "texts are printable");
    promise(reply.code == 334 || line.size() <= smtp::ReplyParser::kMaxLineKept, "texts are bounded");
  }
  const auto again = parse(smtp::to_wire(reply), std::string_view::npos);
  promise(!again.error && again.buffered == 0 && again.replies.size() == 1, "what we write is one reply");
  promise(again.replies[0].code == reply.code, "with the code it had");
}

void check_capabilities(const smtp::Reply& reply) {
  const auto capabilities = smtp::parse_capabilities(reply);
  promise(capabilities.esmtp == (reply.code == 250), "a 250 alone makes ESMTP");
  for (const auto& name : capabilities.auth_mechanisms) {
    promise(!name.empty() && name.size() <= 20 && name == text::to_upper(name), "mechanisms are names");
  }
}

}  // namespace

void fuzz_reply(std::string_view input) {
  const auto whole = parse(input, std::string_view::npos);
  const auto octets = parse(input, 1);
  promise(whole.error == octets.error, "pieces fail as the whole does");
  promise(whole.replies.size() == octets.replies.size(), "pieces make as many replies");
  for (std::size_t i = 0; i < whole.replies.size(); ++i) {
    promise(same(whole.replies[i], octets.replies[i]), "pieces make the same replies");
    check_reply(whole.replies[i]);
    check_capabilities(whole.replies[i]);
  }
}

}  // namespace homeward::fuzz
