#include "proxy/app/sandbox/story.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "proxy/app/sandbox/child_process.hpp"
#include "proxy/app/sandbox/dialogue.hpp"
#include "proxy/app/sandbox/maildir.hpp"
#include "proxy/app/sandbox/story_client.hpp"
#include "proxy/app/sandbox/system_fault.hpp"
#include "proxy/base/text.hpp"

namespace homeward::app::sandbox {
namespace {

constexpr std::chrono::milliseconds kStartTime{15'000};
constexpr int kLookMilliseconds = 10;
constexpr unsigned kWidthUnknown = 100;
constexpr unsigned kWidest = 160;
constexpr std::size_t kLogShown = 2000;

const IpAddress kAtHome = IpAddress::from_v4({127, 0, 1, 5});
const IpAddress kRoaming = IpAddress::from_v4({127, 0, 0, 1});

/// From an address that the program made up from its machine's name, as old ones do: homeward has to send it
/// under the account's.
StoryMessage story_message(const StoryFacts& facts) {
  return {"ann@laptop.lan", "bob@far.example",
          fmt::format("From: Ann <{}>\r\n"
                      "To: bob@far.example\r\n"
                      "Subject: Hello from afar\r\n"
                      "\r\n"
                      "Dear Bob, I am on my way.\r\n"
                      ".\r\n"
                      "That dot is content. Ann\r\n",
                      facts.address)};
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Error with_log(std::string text, const Folder& folder) {
  auto log = read_file(folder.log());
  if (log.size() > kLogShown) log.erase(0, log.size() - kLogShown);
  return fault(fmt::format("{}\nhomeward's own words:\n{}", text, log));
}

/// Until homeward listens. Error: it ended, it takes too long, or we are to stop.
Result<void> wait_until_serving(ChildProcess& homeward, const StoryFacts& facts) {
  const auto due = std::chrono::steady_clock::now() + kStartTime;
  while (!is_answered(facts.homeward_port)) {
    if (homeward.has_ended()) return std::unexpected(with_log("homeward did not start.", facts.folder));
    if (std::chrono::steady_clock::now() > due) {
      return std::unexpected(with_log("homeward does not answer.", facts.folder));
    }
    pollfd stop{facts.stop, POLLIN, 0};
    if (poll(&stop, 1, kLookMilliseconds) > 0) return std::unexpected(fault("Stopped"));
  }
  return {};
}

Result<Dialogue> visit(const StoryFacts& facts, const IpAddress& source, std::uint16_t port,
                       std::string title) {
  auto dialogue = hold_dialogue({source, port, facts.stop}, story_message(facts));
  if (!dialogue) {
    return std::unexpected(with_log(fmt::format("{}: {}", title, dialogue.error().reply.text), facts.folder));
  }
  dialogue->title = std::move(title);
  dialogue->place = fmt::format("{} to port {}", source.to_string(), port);
  return dialogue;
}

using Dialogues = std::array<Dialogue, 3>;

Result<Dialogues> hold_all(const StoryFacts& facts) {
  auto homeward = ChildProcess::start(serve_arguments(facts.folder), facts.folder.log());
  if (!homeward) return std::unexpected(std::move(homeward.error()));
  auto at_home = visit(facts, kAtHome, facts.home.relay, "1. At home");
  if (!at_home) return std::unexpected(std::move(at_home.error()));
  auto roaming = visit(facts, kRoaming, facts.home.relay, "2. Roaming");
  if (!roaming) return std::unexpected(std::move(roaming.error()));
  if (auto serving = wait_until_serving(*homeward, facts); !serving) {
    return std::unexpected(std::move(serving.error()));
  }
  auto through = visit(facts, kRoaming, facts.homeward_port, "3. Roaming, through homeward");
  if (!through) return std::unexpected(std::move(through.error()));
  return Dialogues{std::move(*at_home), std::move(*roaming), std::move(*through)};
}

/// Whether the three ended as the story wants it.
Result<void> check_endings(const Dialogues& dialogues, const StoryFacts& facts) {
  const auto& [at_home, roaming, through] = dialogues;
  const auto refusal = fmt::format("550 <{}>... Relaying Denied", story_message(facts).recipient);
  if (!at_home.delivered()) {
    return std::unexpected(fault("At home the provider refused: " + at_home.verdict()));
  }
  if (roaming.verdict() != refusal) {
    return std::unexpected(fault("Roaming, the provider did not refuse to relay: " + roaming.verdict()));
  }
  if (!through.delivered()) {
    return std::unexpected(with_log("Through homeward it failed: " + through.verdict(), facts.folder));
  }
  return {};
}

struct Delivered {
  std::filesystem::path path;
  std::string header;
};

/// The newest message in the Maildir, held against what the client sent. Error: what is not as it should be.
Result<Delivered> find_delivered(const StoryFacts& facts) {
  const auto maildir = Maildir::open(facts.folder.maildir());
  if (!maildir) return std::unexpected(maildir.error());
  const auto messages = maildir->messages();
  if (messages.empty()) return std::unexpected(fault("There is no message in the Maildir"));
  const auto text = read_file(messages.back());
  const auto border = text.find("\n\n");
  if (border == std::string::npos) return std::unexpected(fault("The message delivered has no body"));
  Delivered delivered{messages.back(), text.substr(0, border + 1)};
  if (!text.starts_with(fmt::format("Return-Path: <{}>\n", facts.address))) {
    return std::unexpected(
        fault("The message was not sent under the account's address:\n" + delivered.header));
  }
  auto sent = story_message(facts).content;
  std::erase(sent, '\r');
  if (text.substr(border) != sent.substr(sent.find("\n\n"))) {
    return std::unexpected(fault("The body delivered is not the one that was sent:\n" + text));
  }
  return delivered;
}

/// Colours for a terminal alone; NO_COLOR is respected.
Paint paint() {
  const bool wanted = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return wanted ? Paint::terminal : Paint::none;
}

unsigned page_width() {
  winsize window{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
  return known ? std::min<unsigned>(window.ws_col, kWidest) : kWidthUnknown;
}

void print_endings(const Dialogues& dialogues, const StoryFacts& facts) {
  fmt::print(
      "\n1. At home the provider knows the client by its network ({}) and relays for it.\n"
      "2. Anywhere else the same client hears: {}\n"
      "3. Through homeward it is at home: logged in over TLS, sent as {}.\n\n",
      kOwnNetwork, dialogues[1].verdict(), facts.address);
}

void print_delivered(const Delivered& delivered, const Folder& folder) {
  fmt::print("Delivered: {}\n", delivered.path.string());
  if (folder.is_temporary()) fmt::print("(gone at the end; --dir DIR keeps it)\n");
  std::string_view header = delivered.header;
  while (!header.empty()) {
    const auto end = header.find('\n');
    // A tab at the start of a folded line is no control to be replaced.
    const auto line = header.substr(0, end);
    fmt::print("  {}{}\n", line.starts_with('\t') ? "    " : "", text::printable(text::trim(line)));
    header.remove_prefix(end + 1);
  }
}

}  // namespace

std::vector<std::string> serve_arguments(const Folder& folder) {
  std::vector<std::string> arguments{"serve", "--config", folder.config().string()};
  // Started by root, homeward would become a user who can't read the sandbox's files.
  if (geteuid() == 0) arguments.insert(arguments.end(), {"--user", "root"});
  return arguments;
}

Result<void> tell_story(const StoryFacts& facts) {
  const auto dialogues = hold_all(facts);
  if (!dialogues) return std::unexpected(dialogues.error());
  fmt::print("One mail program, one message, three places. C: the program, S: the server it talks to.\n\n{}",
             side_by_side(*dialogues, page_width(), paint()));
  if (auto checked = check_endings(*dialogues, facts); !checked) return checked;
  const auto delivered = find_delivered(facts);
  if (!delivered) return std::unexpected(delivered.error());
  print_endings(*dialogues, facts);
  print_delivered(*delivered, facts.folder);
  return {};
}

}  // namespace homeward::app::sandbox
