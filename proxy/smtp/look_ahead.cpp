// What a pipelining client has sent already, line by line as the session will read it. RFC 2920 §3.1.
#include "proxy/smtp/look_ahead.hpp"

#include <utility>
#include <variant>

#include "proxy/smtp/command_parser.hpp"
#include "proxy/smtp/line_splitter.hpp"

namespace homeward::smtp {

Ahead look_ahead(std::string_view buffered, const QuirkSet& tolerate, std::size_t most) {
  Ahead ahead;
  while (true) {
    const auto line = split_line(buffered, kMaxCommandLine);
    if (!line || line->too_long || line->end != LineEnd::crlf) return ahead;
    auto parsed = parse_command(line->line, tolerate);
    if (!parsed || !parsed->seen.empty()) return ahead;
    buffered.remove_prefix(line->consumed);
    if (std::holds_alternative<DataCommand>(parsed->command)) {
      ahead.data = buffered.empty();
      return ahead;
    }
    auto* rcpt = std::get_if<Rcpt>(&parsed->command);
    if (rcpt == nullptr || ahead.recipients.size() >= most) return ahead;
    ahead.recipients.push_back(std::move(rcpt->to));
  }
}

}  // namespace homeward::smtp
