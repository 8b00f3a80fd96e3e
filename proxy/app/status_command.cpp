#include "proxy/app/status_command.hpp"

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <vector>

#include "proxy/app/json_view.hpp"
#include "proxy/app/table.hpp"
#include "proxy/base/text.hpp"

namespace homeward::app {
namespace {

namespace json = boost::json;
using std::chrono::system_clock;

/// One question waits so long for a change; then the screen is drawn anew all the same, as times go on.
constexpr std::chrono::seconds kWait{25};

std::chrono::seconds since(system_clock::time_point then, system_clock::time_point now) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::max(now - then, system_clock::duration{0}));
}

std::string ago(const json::value& value, std::string_view name, system_clock::time_point now) {
  const auto time = view::time(value, name);
  if (!time) return "-";
  const auto text = duration_text(since(*time, now));
  return text == "just now" ? text : text + " ago";
}

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string texts_of(const json::array& array) {
  std::vector<std::string> texts;
  for (const auto& one : array) texts.push_back(view::text(one));
  return texts.empty() ? "nothing" : text::join(texts, ", ");
}

std::string queue_line(const json::value& status, system_clock::time_point now) {
  const auto& spool = view::member(status, "spool");
  const auto waiting = view::number(spool, "waiting");
  const auto held = view::number(spool, "held");
  const auto failed = view::number(spool, "failed");
  if (waiting + held + failed == 0) return "queue      empty\n";
  auto line = fmt::format("queue      {} waiting, {} held, {} failed ({})", waiting, held, failed,
                          size_text(view::number(spool, "octets")));
  if (const auto oldest = view::time(status, "oldest_waiting"))
    line += fmt::format("; the oldest has waited {}", duration_text(since(*oldest, now)));
  return line + "\n";
}

std::string head_lines(const json::value& status, system_clock::time_point now) {
  const auto begun = view::time(status, "since");
  return fmt::format("homeward {} on {}, running for {} (since {}, pid {})\nlistening  {}; {} open\n",
                     view::text(status, "version"), view::text(status, "hostname"),
                     begun ? duration_text(since(*begun, now)) : "?", begun ? local_time_text(*begun) : "?",
                     view::number(status, "pid"), texts_of(view::list(status, "listeners")),
                     plural(view::number(status, "sessions"), "session", "sessions"));
}

std::string trouble_lines(const json::value& status) {
  std::string lines;
  for (const auto& one : view::list(status, "troubles"))
    lines += fmt::format("trouble    {}\n", view::text(one));
  if (const auto aside = view::number(view::member(status, "spool"), "set_aside"); aside > 0)
    lines += fmt::format("trouble    {} of the spool could not be read and {} set aside\n",
                         plural(aside, "entry", "entries"), aside == 1 ? "is" : "are");
  return lines;
}

Result<json::value> ask(control::Client& client, std::string_view revision) {
  if (revision.empty()) return client.get("/v1/status");
  return client.get(fmt::format("/v1/status?since={}&wait={}", revision, kWait.count()),
                    kWait + control::Client::kTime);
}

std::string shown(const json::value& status, const StatusOptions& options, bool on_terminal) {
  const auto now = system_clock::now();
  if (options.json) return json::serialize(status) + "\n";
  if (!options.watch) return describe_status(status, now);
  if (!on_terminal) return describe_change(status, now);
  // Cursor home, then what is left of the old screen cleared: nothing flickers.
  return "\x1b[H\x1b[2J" + describe_status(status, now) + "\nCtrl-C ends this.\n";
}

}  // namespace

std::string describe_accounts(const json::array& accounts, system_clock::time_point now) {
  Table table({"ACCOUNT", "STATE", "ADDRESS", "WAITING", "SENDING", "LAST SUCCESS", "NEXT ATTEMPT"});
  for (const auto& account : accounts) {
    const auto next = view::time(account, "next_attempt");
    auto state = view::text(account, "state");
    std::ranges::replace(state, '-', ' ');
    table.add({view::text(account, "name"), state, view::text(account, "address"),
               std::to_string(view::number(account, "waiting")),
               std::to_string(view::number(account, "sending")), ago(account, "last_success", now),
               !next          ? "-"
               : *next <= now ? "now"
                              : "in " + duration_text(since(now, *next))});
    if (const auto error = view::text(account, "last_error"); !error.empty())
      table.add_note(fmt::format("{}: {}", ago(account, "last_error_at", now), error));
    for (const auto& words : view::list(account, "learned"))
      if (words.is_string()) table.add_note(fmt::format("Learned: {}", std::string_view(words.get_string())));
  }
  return table.empty() ? "There are no accounts.\n" : table.to_string();
}

std::string describe_status(const json::value& status, system_clock::time_point now) {
  return head_lines(status, now) + queue_line(status, now) + trouble_lines(status) + "\n" +
         describe_accounts(view::list(status, "accounts"), now);
}

std::string describe_change(const json::value& status, system_clock::time_point now) {
  const auto& spool = view::member(status, "spool");
  std::vector<std::string> accounts;
  for (const auto& account : view::list(status, "accounts"))
    accounts.push_back(fmt::format("{}:{}", view::text(account, "name"), view::text(account, "state")));
  return fmt::format("{} waiting={} held={} failed={} sessions={} accounts={}\n", utc_time_text(now),
                     view::number(spool, "waiting"), view::number(spool, "held"),
                     view::number(spool, "failed"), view::number(status, "sessions"),
                     text::join(accounts, ","));
}

int run_status(const StatusOptions& options) {
  auto client = reach_daemon(options.config);
  if (!client) return complain(client.error());
  const bool on_terminal = isatty(STDOUT_FILENO) == 1;
  std::string revision;
  while (true) {
    const auto status = ask(*client, revision);
    if (!status) return complain(status.error());
    const auto now = std::to_string(view::number(*status, "revision"));
    const bool is_new = now != revision;
    revision = now;
    if (is_new || on_terminal) {
      if (const int code = print_out(shown(*status, options, on_terminal && !options.json)); code != EX_OK)
        return code;
    }
    if (!options.watch) return EX_OK;
  }
}

}  // namespace homeward::app
