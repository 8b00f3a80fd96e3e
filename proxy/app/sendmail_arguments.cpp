#include "proxy/app/sendmail_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "proxy/base/text.hpp"
#include "proxy/smtp/xtext.hpp"

namespace homeward::app {
namespace {

using Words = std::string;

// Letters with a value, of which most mean nothing here (body type, log file, hops, protocol, …).
constexpr std::string_view kWithValue = "ABbCDdeFfhLMNOoPpqRrVX";
constexpr std::string_view kWithout = "GIimnsTtUv";
// Its value is always joined: "-q" alone is whole.
constexpr char kJoinedValue = 'q';

std::string shown(std::string_view text) {
  return text::printable(text, 100);
}

std::expected<void, Words> set_mode(SendmailArguments& result, std::string_view value) {
  struct Mode {
    std::string_view letter;
    SendmailMode mode;
  };
  constexpr auto kModes = std::to_array<Mode>({{"m", SendmailMode::deliver},
                                               {"s", SendmailMode::smtp},
                                               {"p", SendmailMode::queue},
                                               {"i", SendmailMode::aliases}});
  const auto found = std::ranges::find(kModes, value, &Mode::letter);
  if (found == kModes.end())
    return std::unexpected(
        fmt::format("-b{} is not for homeward (there are -bm, -bs, -bp; the daemon is: homeward "
                    "serve)",
                    shown(value)));
  result.mode = found->mode;
  return {};
}

std::expected<void, Words> set_notify(SendmailArguments& result, std::string_view value) {
  smtp::Notify notify;
  if (!text::equals_ignoring_case(value, "never")) {
    for (const auto& event : text::split(value, ',')) {
      if (text::equals_ignoring_case(event, "success"))
        notify.success = true;
      else if (text::equals_ignoring_case(event, "failure"))
        notify.failure = true;
      else if (text::equals_ignoring_case(event, "delay"))
        notify.delay = true;
      else
        return std::unexpected(
            fmt::format("-N {}: it is never, or some of success,failure,delay", shown(value)));
    }
  }
  result.notify = notify;
  return {};
}

std::expected<void, Words> set_return(SendmailArguments& result, std::string_view value) {
  if (text::equals_ignoring_case(value, "full"))
    result.returns = smtp::ReturnContent::full;
  else if (text::equals_ignoring_case(value, "hdrs"))
    result.returns = smtp::ReturnContent::headers;
  else
    return std::unexpected(fmt::format("-R {}: it is full or hdrs", shown(value)));
  return {};
}

std::expected<void, Words> set_queue_run(SendmailArguments& result, std::string_view value) {
  if (!value.empty())
    return std::unexpected(fmt::format("-q{}: homeward tries by itself; -q alone tries now", shown(value)));
  result.mode = SendmailMode::retry;
  return {};
}

std::expected<void, Words> take_value(SendmailArguments& result, char letter, const std::string& value) {
  switch (letter) {
    case 'b':
      return set_mode(result, value);
    case 'f':
    case 'r':
      result.sender = value;
      return {};
    case 'F':
      result.full_name = value;
      return {};
    case 'C':
      result.config = value;
      return {};
    case 'N':
      return set_notify(result, value);
    case 'R':
      return set_return(result, value);
    case 'V':
      if (value.size() > smtp::kMaxEnvelopeId || !smtp::is_printable_xtext(value))
        return std::unexpected(fmt::format("-V {}: an envelope id is xtext of RFC 3461", shown(value)));
      result.envelope_id = value;
      return {};
    case 'q':
      return set_queue_run(result, value);
    case 'o':  // of the old -o options only these two have a meaning here
      if (value == "i") result.dot_is_content = true;
      if (value == "t") result.recipients_from_header = true;
      return {};
    default:
      return {};
  }
}

void take_flag(SendmailArguments& result, char letter) {
  if (letter == 'i') result.dot_is_content = true;
  if (letter == 't') result.recipients_from_header = true;
  if (letter == 'v') result.verbose = true;
  if (letter == 'I') result.mode = SendmailMode::aliases;
}

/// The options, one argument after the other; stops at the first that is none, as getopt(3) of old did.
class Reader {
 public:
  explicit Reader(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  std::expected<SendmailArguments, Words> read(SendmailArguments result) {
    while (at_ < arguments_.size()) {
      const auto& argument = arguments_[at_];
      if (argument.size() < 2 || argument.front() != '-') break;
      ++at_;
      if (argument == "--") break;
      if (auto taken =
              argument.starts_with("--") ? take_long(result, argument) : take_letters(result, argument);
          !taken)
        return std::unexpected(std::move(taken.error()));
    }
    result.recipients.assign(arguments_.begin() + static_cast<std::ptrdiff_t>(at_), arguments_.end());
    return result;
  }

 private:
  std::expected<std::string, Words> next_value(std::string_view name) {
    if (at_ == arguments_.size()) return std::unexpected(fmt::format("{} needs a value", name));
    return arguments_[at_++];
  }

  std::expected<void, Words> take_long(SendmailArguments& result, const std::string& argument) {
    constexpr std::string_view kConfig = "--config";
    if (argument == "--help") {
      result.mode = SendmailMode::help;
      return {};
    }
    if (argument.starts_with(std::string(kConfig) + "=")) {
      result.config = argument.substr(kConfig.size() + 1);
      return {};
    }
    if (argument != kConfig) return std::unexpected(fmt::format("there is no option {}", shown(argument)));
    auto value = next_value(kConfig);
    if (!value) return std::unexpected(std::move(value.error()));
    result.config = std::move(*value);
    return {};
  }

  std::expected<void, Words> take_letters(SendmailArguments& result, const std::string& argument) {
    for (std::size_t at = 1; at < argument.size(); ++at) {
      const char letter = argument[at];
      if (kWithout.contains(letter)) {
        take_flag(result, letter);
        continue;
      }
      if (!kWithValue.contains(letter))
        return std::unexpected(fmt::format("there is no option -{}", shown({&letter, 1})));
      auto value = argument.substr(at + 1);
      if (value.empty() && letter != kJoinedValue) {
        auto next = next_value(fmt::format("-{}", letter));
        if (!next) return std::unexpected(std::move(next.error()));
        value = std::move(*next);
      }
      return take_value(result, letter, value);
    }
    return {};
  }

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
};

}  // namespace

std::expected<SendmailArguments, std::string> parse_sendmail(const std::string& name,
                                                             const std::vector<std::string>& arguments) {
  SendmailArguments start;
  if (name == "mailq") start.mode = SendmailMode::queue;
  if (name == "newaliases") start.mode = SendmailMode::aliases;
  return Reader(arguments).read(std::move(start));
}

std::string sendmail_help() {
  return R"(Hand a message over to the running homeward, as programs that know sendmail do.
Usage: homeward sendmail [OPTIONS] [RECIPIENT...] < MESSAGE
       (also where the program is called as sendmail, mailq or newaliases)

  -t              recipients from To, Cc and Bcc too; Bcc is taken out
  -f, -r ADDRESS  the envelope's sender (default: this login at the configured hostname); <> for none
  -F NAME         the name in From, where the message has none
  -i, -oi         a line with a dot alone does not end the message
  -bm             read a message from standard input (default)
  -bs             speak SMTP on standard input and output
  -bp             list the queue;  -q  try what waits now
  -N WHEN         never, or some of success,failure,delay;  -R full|hdrs;  -V ENVELOPE-ID  (RFC 3461)
  -v              say what the answer was
  -C, --config FILE
  Other letters of the classic (-m -n -G -U -B -O -o… -e… -h -p -X …) are taken and mean nothing here.

A message goes to all of its recipients or to none: an exit status that is not 0 means that nobody gets it.
Exit status: 0 accepted, 64 usage, 65 message or sender refused, 67 a recipient refused, 69 refused altogether,
75 homeward could not be reached or said "not now", 77 this user may not ask, 78 the configuration is broken.
Example: printf 'Subject: hello\n\nit works\n' | homeward sendmail -f ann@isp.example bob@example.org
)";
}

}  // namespace homeward::app
