// Command lines out of a client's bytes. RFC 5321 §2.3.8, §4.5.3.1.4.
#include "proxy/smtp/line_splitter.hpp"

namespace homeward::smtp {

std::optional<SplitLine> split_line(std::string_view input, std::size_t limit) {
  const auto lf = input.find('\n');
  if (lf == std::string_view::npos) {
    // Its end would be one octet more at the least.
    if (input.size() < limit) return std::nullopt;
    return SplitLine{{}, LineEnd::crlf, input.size(), true};
  }
  const bool crlf = lf > 0 && input[lf - 1] == '\r';
  SplitLine found{input.substr(0, crlf ? lf - 1 : lf), crlf ? LineEnd::crlf : LineEnd::bare_lf, lf + 1,
                  false};
  if (found.consumed > limit) {
    found.line = {};
    found.too_long = true;
  }
  return found;
}

}  // namespace homeward::smtp
