#include "proxy/app/sendmail_command.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "conf/loader.hpp"
#include "proxy/app/daemon_link.hpp"
#include "proxy/app/hand_over.hpp"
#include "proxy/app/queue_command.hpp"
#include "proxy/app/sendmail_arguments.hpp"
#include "proxy/app/sendmail_message.hpp"
#include "proxy/base/text.hpp"
#include "proxy/base/trace_id.hpp"
#include "proxy/mail/address.hpp"

namespace homeward::app {
namespace {

/// Where no configuration can be read that says what the daemon takes.
constexpr std::size_t kMostOctets = 64UL << 20U;

struct Failure {
  int code = EX_SOFTWARE;
  std::string words;
};
std::unexpected<Failure> fail(int code, std::string words) {
  return std::unexpected(Failure{code, std::move(words)});
}

struct Person {
  std::string login;
  std::string full_name;
};

/// Who calls, by the real user: a program may have changed the effective one.
Person caller() {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return {fmt::format("uid{}", getuid()), {}};
  const std::string_view gecos = entry.pw_gecos == nullptr ? "" : entry.pw_gecos;
  return {entry.pw_name, std::string(gecos.substr(0, gecos.find(',')))};
}

std::string own_hostname(const conf::Config* config) {
  if (config != nullptr && !config->hostname.empty()) return config->hostname;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

std::expected<std::string, Failure> read_input(const SendmailArguments& arguments, std::size_t limit) {
  using LoneDot = MessageReader::LoneDot;
  MessageReader reader(arguments.dot_is_content ? LoneDot::content : LoneDot::ends, limit);
  std::array<char, 65536> block{};
  while (true) {
    const auto count = ::read(STDIN_FILENO, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(EX_IOERR, "standard input can't be read");
    if (count == 0 || !reader.feed({block.data(), static_cast<std::size_t>(count)})) break;
  }
  if (reader.is_too_large())
    return fail(EX_DATAERR, fmt::format("the message is larger than {} octets", limit));
  return reader.take();
}

/// `ann`, `ann@x`, `<ann@x>`, `Ann <ann@x>`; nothing and `<>` are the null path.
std::expected<smtp::ReversePath, Failure> envelope_sender(const SendmailArguments& arguments,
                                                          const std::string& login,
                                                          const std::string& hostname) {
  const auto written = arguments.sender.value_or(login);
  if (arguments.sender && (written.empty() || written == "<>")) return smtp::ReversePath{};
  const auto paths = mail::parse_address_list(written);
  if (!paths) return fail(EX_USAGE, "the sender " + paths.error());
  if (paths->size() != 1)
    return fail(EX_USAGE, fmt::format("{} is no sender", text::printable(written, 100)));
  const auto& path = paths->front();
  if (path.mailbox) return smtp::ReversePath{path.mailbox};
  const auto bare = path.to_string();  // "<name>", quoted where it must be
  auto mailbox =
      smtp::Mailbox::parse(fmt::format("{}@{}", std::string_view(bare).substr(1, bare.size() - 2), hostname));
  if (!mailbox) return fail(EX_USAGE, "the sender " + mailbox.error());
  return smtp::ReversePath{std::move(*mailbox)};
}

std::expected<std::vector<smtp::Recipient>, Failure> envelope_recipients(const SendmailArguments& arguments,
                                                                         SentMessage& message) {
  std::vector<smtp::ForwardPath> paths;
  const auto add = [&](std::vector<smtp::ForwardPath> more) {
    for (auto& path : more)
      if (std::ranges::find(paths, path) == paths.end()) paths.push_back(std::move(path));
  };
  for (const auto& written : arguments.recipients) {
    auto listed = mail::parse_address_list(written);
    if (!listed) return fail(EX_USAGE, "the recipient " + listed.error());
    add(std::move(*listed));
  }
  if (arguments.recipients_from_header) {
    auto named = take_recipients(message);
    if (!named) return fail(EX_DATAERR, std::move(named.error()));
    add(std::move(*named));
  }
  if (paths.empty())
    return arguments.recipients_from_header
               ? fail(EX_DATAERR, "nobody to send to: the header names no recipient")
               : fail(EX_USAGE, "nobody to send to: name recipients, or say -t");
  std::vector<smtp::Recipient> recipients;
  for (auto& path : paths) recipients.push_back({std::move(path), {arguments.notify, {}}});
  return recipients;
}

Missing missing_fields(const SendmailArguments& arguments, const Person& person,
                       const smtp::ReversePath& from, const std::string& hostname) {
  const auto address =
      from.mailbox ? from.mailbox->to_string() : fmt::format("{}@{}", person.login, hostname);
  const auto name =
      mail::write_display_name(arguments.full_name.empty() ? person.full_name : arguments.full_name);
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return {name.empty() ? address : fmt::format("{} <{}>", name, address),
          fmt::format("{:%a, %d %b %Y %H:%M:%S %z}", fmt::localtime(now)),
          fmt::format("<{}@{}>", make_trace_id(), hostname)};
}

bool is_eight_bit(const SentMessage& message) {
  return !text::is_ascii(message.body) || std::ranges::any_of(message.header, [](const HeaderField& field) {
    return !text::is_ascii(field.raw);
  });
}

/// From what was given to what is said to the daemon; `message` must outlive the answer.
std::expected<HandOver, Failure> prepare(const SendmailArguments& arguments, const conf::Config* config,
                                         SentMessage& message) {
  HandOver ready;
  ready.hostname = own_hostname(config);
  const auto person = caller();
  auto from = envelope_sender(arguments, person.login, ready.hostname);
  if (!from) return std::unexpected(std::move(from.error()));
  ready.from = std::move(*from);
  auto recipients = envelope_recipients(arguments, message);
  if (!recipients) return std::unexpected(std::move(recipients.error()));
  ready.to = std::move(*recipients);
  complete(message, missing_fields(arguments, person, ready.from, ready.hostname));
  ready.parameters.size = message.size();
  if (is_eight_bit(message)) ready.parameters.body = smtp::BodyType::eight_bit_mime;
  ready.parameters.ret = arguments.returns;
  ready.parameters.envelope_id = arguments.envelope_id;
  for (const auto& field : message.header) ready.content.emplace_back(field.raw);
  ready.content.emplace_back("\r\n");
  ready.content.emplace_back(message.body);
  return ready;
}

int tell(int code, std::string_view words) {
  fmt::print(stderr, "sendmail: {}\n", text::printable(words, 3000));
  return code;
}

int deliver(const SendmailArguments& arguments, const conf::Config* config) {
  auto text = read_input(arguments, config == nullptr ? kMostOctets : config->max_message_size);
  if (!text) return tell(text.error().code, text.error().words);
  auto message = cut_message(std::move(*text));
  if (!message) return tell(EX_DATAERR, message.error());
  const auto ready = prepare(arguments, config, *message);
  if (!ready) return tell(ready.error().code, ready.error().words);
  const auto outcome = hand_over(daemon_addresses(config), *ready);
  if (outcome.code != EX_OK) return tell(outcome.code, outcome.words);
  return arguments.verbose ? print_out(outcome.words + "\n") : EX_OK;
}

int speak_smtp(const conf::Config* config) {
  std::signal(SIGPIPE, SIG_IGN);  // whoever called may go at any time
  const auto outcome = pump(daemon_addresses(config));
  return outcome.code == EX_OK ? EX_OK : tell(outcome.code, outcome.words);
}

}  // namespace

bool is_sendmail_name(const std::string& name) {
  return name == "sendmail" || name == "mailq" || name == "newaliases";
}

int run_sendmail(const std::string& name, const std::vector<std::string>& given) {
  const auto arguments = parse_sendmail(name, given);
  if (!arguments) return tell(EX_USAGE, arguments.error() + " (homeward sendmail --help)");
  const ConfigChoice choice{arguments->config.empty() ? conf::default_file() : arguments->config,
                            !arguments->config.empty()};
  switch (arguments->mode) {
    case SendmailMode::help:
      return print_out(sendmail_help());
    case SendmailMode::aliases:
      return EX_OK;
    case SendmailMode::queue:
      return run_queue_list({choice, {}, {}, false});
    case SendmailMode::retry:
      return run_queue_change({choice, "retry", {}, true, false, false});
    default:
      break;
  }
  bool is_broken = false;
  const auto config = read_config(choice, is_broken);
  if (is_broken) return EX_CONFIG;
  return arguments->mode == SendmailMode::smtp ? speak_smtp(config.get()) : deliver(*arguments, config.get());
}

}  // namespace homeward::app
