// Fuzz target: addresses and paths. RFC 5321 §4.1.2; safety.md 2.8.
#include "proxy/smtp/path.hpp"

#include "proxy/base/text.hpp"
#include "tests/fuzz/targets.hpp"

namespace homeward::fuzz {

namespace {

void check_mailbox(std::string_view text) {
  const auto mailbox = smtp::Mailbox::parse(text);
  if (!mailbox) {
    promise(!text::has_control(mailbox.error()) && text::is_ascii(mailbox.error()), "errors are printable");
    return;
  }
  const auto written = mailbox->to_string();
  promise(!text::has_control(written) && text::is_ascii(written), "a mailbox is printable ASCII");
  promise(written.size() <= text.size(), "writing anew does not lengthen");
  const auto again = smtp::Mailbox::parse(written);
  promise(again && again->local_part() == mailbox->local_part() && again->domain() == mailbox->domain(),
          "a mailbox reads back");
  promise(*again == *mailbox && again->to_string() == written, "and is written the same");
}

/// A path that was read, strict or mended, is one that a strict reader reads the same.
template <class Parse>
void check_path(std::string_view argument, Parse parse) {
  smtp::QuirkSet seen;
  const auto strict = parse(argument, smtp::QuirkSet(), seen);
  promise(seen.empty(), "nothing is mended where nothing is tolerated");
  const auto parsed = parse(argument, smtp::QuirkSet::all(), seen);
  promise(!strict || (parsed && parsed->path == strict->path), "tolerance changes nothing that is right");
  if (!parsed) {
    const int code = parsed.error().reply.code;
    promise(code == 501 || code == 553, "a refused path is refused for good");
    return;
  }
  promise(seen.empty() || !strict, "what is right is not mended");
  const auto written = parsed->path.to_string();
  promise(written.size() <= smtp::kMaxPath, "a path keeps its size");
  const auto again = parse(written, smtp::QuirkSet(), seen);
  promise(again && again->path == parsed->path && again->rest.empty(), "a path reads back");
}

}  // namespace

void fuzz_path(std::string_view input) {
  check_mailbox(input);
  check_path(input, smtp::parse_reverse_path);
  check_path(input, smtp::parse_forward_path);
}

}  // namespace homeward::fuzz
