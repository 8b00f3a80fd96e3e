#include "proxy/app/queue_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <system_error>
#include <utility>

#include "proxy/app/json_view.hpp"
#include "proxy/app/message_text.hpp"
#include "proxy/base/text.hpp"
#include "proxy/control/target.hpp"

namespace homeward::app {
namespace {

namespace json = boost::json;
using std::chrono::system_clock;

constexpr std::size_t kPage = 500;
constexpr std::size_t kShownIds = 5;

Error no_such(std::string text) {
  return make_error(Fault::refused, 550, {5, 1, 0}, std::move(text));
}

/// The one id that begins so. The trace knows ids that are not listed: a whole one is taken as it is.
Result<std::string> whole_id(control::Client& client, const std::string& given) {
  const auto answer = client.get("/v1/ids?prefix=" + control::escape(given));
  if (!answer) return std::unexpected(answer.error());
  std::vector<std::string> ids;
  for (const auto& id : view::list(*answer, "ids")) ids.push_back(view::text(id));
  if (ids.size() == 1) return ids.front();
  if (ids.empty() || std::ranges::find(ids, given) != ids.end()) return given;
  const auto count = ids.size();
  if (count > kShownIds) ids.resize(kShownIds);
  return std::unexpected(
      no_such(fmt::format("{} is the beginning of {} ids: {}{}", text::printable(given, 64), count,
                          text::join(ids, ", "), count > kShownIds ? ", …" : "")));
}

std::string page_target(const QueueListOptions& options, const std::string& after) {
  return fmt::format("/v1/queue?limit={}&state={}&account={}&after={}", kPage, control::escape(options.state),
                     control::escape(options.account), control::escape(after));
}

/// Hands each message of the list to `take`, page by page.
template <class Take>
Result<void> for_each_message(control::Client& client, const QueueListOptions& options, Take take) {
  std::string after;
  do {
    const auto page = client.get(page_target(options, after));
    if (!page) return std::unexpected(page.error());
    for (const auto& message : view::list(*page, "messages")) take(message);
    after = view::text(*page, "next");
  } while (!after.empty());
  return {};
}

int print_messages_json(control::Client& client, const QueueListOptions& options) {
  std::string_view before = "{\"messages\":[";
  int code = EX_OK;
  const auto done = for_each_message(client, options, [&](const json::value& message) {
    if (code == EX_OK) code = print_out(std::string(before) + json::serialize(message));
    before = ",";
  });
  if (!done) return complain(done.error());
  if (code != EX_OK) return code;
  return print_out((before == "," ? std::string{} : std::string(before)) + "]}\n");
}

std::string done_words(const std::string& change, const std::string& id) {
  if (change == "hold") return fmt::format("{} is held until: homeward queue release {}\n", id, id);
  if (change == "release") return fmt::format("{} is released and tried now\n", id);
  if (change == "drop") return fmt::format("{} is dropped\n", id);
  return fmt::format("{} is tried now\n", id);
}

/// True where a person at a terminal says yes.
bool confirm_drop(control::Client& client, const std::string& id) {
  const auto answer = client.get("/v1/queue/" + control::escape(id));
  if (answer)
    fmt::print(stderr, "{}\n", describe_message(view::member(*answer, "message"), system_clock::now()));
  fmt::print(stderr, "Drop {}? It won't be delivered, and nobody is told. [y/N] ", text::printable(id, 64));
  char line[16] = {};
  return std::fgets(line, sizeof line, stdin) != nullptr && (line[0] == 'y' || line[0] == 'Y');
}

int change_one(control::Client& client, const QueueChangeOptions& options, const std::string& given) {
  const auto id = whole_id(client, given);
  if (!id) return complain(id.error());
  if (options.change == "drop" && !options.yes && !confirm_drop(client, *id)) {
    fmt::print(stderr, "homeward: {} is left as it is\n", text::printable(*id, 64));
    return EX_OK;
  }
  const auto answer = client.post(fmt::format("/v1/queue/{}/{}", control::escape(*id), options.change));
  if (!answer) {
    const bool is_named = answer.error().reply.text.contains(*id);
    return complain(answer.error(), is_named ? std::string{} : text::printable(*id, 64));
  }
  return print_out(options.json ? json::serialize(*answer) + "\n" : done_words(options.change, *id));
}

int retry_all(control::Client& client, bool as_json) {
  const auto answer = client.post("/v1/queue/retry");
  if (!answer) return complain(answer.error());
  if (as_json) return print_out(json::serialize(*answer) + "\n");
  return print_out("Everything that waits is tried now, but for the mail of paused accounts.\n");
}

/// Where an export goes. A file that was begun and not finished is removed.
class Output {
 public:
  explicit Output(std::filesystem::path file) : file_(std::move(file)) {
    if (!file_.empty())
      descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    is_terminal_ = file_.empty() && isatty(STDOUT_FILENO) == 1;
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (file_.empty() || descriptor_ < 0) return;
    ::close(descriptor_);
    if (!is_done_) ::unlink(file_.c_str());
  }

  bool is_open() const { return descriptor_ >= 0; }
  Result<void> write(std::string_view part) {
    const auto text = is_terminal_ ? harmless(part) : std::string(part);
    std::string_view left = text;
    while (!left.empty()) {
      const auto count = ::write(descriptor_, left.data(), left.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return std::unexpected(failed());
      left.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }
  Result<void> finish() {
    if (!file_.empty() && fsync(descriptor_) != 0 && errno != EINVAL) return std::unexpected(failed());
    is_done_ = true;
    return {};
  }
  Error failed() const {
    return make_error(Fault::local, 452, {4, 3, 1},
                      fmt::format("can't write {}: {}", file_.empty() ? "standard output" : file_.string(),
                                  std::generic_category().message(errno)));
  }

 private:
  /// Mail may hold what steers a terminal; a file gets it as it is.
  static std::string harmless(std::string_view part) {
    std::string text;
    for (const char c : part) {
      const auto octet = static_cast<unsigned char>(c);
      if (c == '\n' || c == '\t' || (octet >= 0x20 && octet < 0x7f))
        text += c;
      else if (c != '\r')
        text += '?';
    }
    return text;
  }

  std::filesystem::path file_;
  int descriptor_ = STDOUT_FILENO;
  bool is_terminal_ = false;
  bool is_done_ = false;
};

int complain_of_output(const Error& error) {
  fmt::print(stderr, "homeward: {}\n", text::printable(error.reply.text, 1000));
  return EX_CANTCREAT;
}

}  // namespace

int run_queue_list(const QueueListOptions& options) {
  auto client = reach_daemon(options.config);
  if (!client) return complain(client.error());
  if (options.json) return print_messages_json(*client, options);
  auto table = make_queue_table();
  const auto now = system_clock::now();
  const auto done = for_each_message(*client, options,
                                     [&](const json::value& message) { add_message(table, message, now); });
  if (!done) return complain(done.error());
  const bool is_all = options.state.empty() && options.account.empty();
  if (table.empty())
    return print_out(is_all ? "The queue is empty.\n" : "There is no such message in the queue.\n");
  return print_out(table.to_string());
}

int run_queue_show(const ConfigChoice& config, const std::string& id, bool as_json) {
  auto client = reach_daemon(config);
  if (!client) return complain(client.error());
  const auto whole = whole_id(*client, id);
  if (!whole) return complain(whole.error());
  const auto answer = client->get("/v1/queue/" + control::escape(*whole));
  if (!answer) return complain(answer.error());
  if (as_json) return print_out(json::serialize(*answer) + "\n");
  return print_out(describe_message(view::member(*answer, "message"), system_clock::now()) + "\n" +
                   describe_trace(view::list(*answer, "trace")));
}

int run_trace(const ConfigChoice& config, const std::string& id, bool as_json) {
  auto client = reach_daemon(config);
  if (!client) return complain(client.error());
  const auto whole = whole_id(*client, id);
  if (!whole) return complain(whole.error());
  const auto answer = client->get("/v1/trace/" + control::escape(*whole));
  if (!answer) return complain(answer.error());
  if (as_json) return print_out(json::serialize(*answer) + "\n");
  return print_out(describe_trace(view::list(*answer, "trace")));
}

int run_queue_change(const QueueChangeOptions& options) {
  if (options.change == "drop" && !options.yes && isatty(STDIN_FILENO) != 1) {
    fmt::print(stderr, "homeward: nobody to ask whether to drop; where you are sure, say --yes\n");
    return EX_USAGE;
  }
  auto client = reach_daemon(options.config);
  if (!client) return complain(client.error());
  if (options.all) return retry_all(*client, options.json);
  int worst = EX_OK;
  for (const auto& id : options.ids) worst = std::max(worst, change_one(*client, options, id));
  return worst;
}

int run_queue_export(const QueueExportOptions& options) {
  auto client = reach_daemon(options.config);
  if (!client) return complain(client.error());
  const auto id = whole_id(*client, options.id);
  if (!id) return complain(id.error());
  // Asked first, so that an unknown id leaves no file.
  if (const auto known = client->get("/v1/queue/" + control::escape(*id)); !known)
    return complain(known.error());
  Output output(options.file);
  if (!output.is_open()) return complain_of_output(output.failed());
  bool is_output = false;
  const auto done =
      client->download("/v1/queue/" + control::escape(*id) + "/content", [&](std::string_view part) {
        auto written = output.write(part);
        is_output = !written;
        return written;
      });
  if (!done) return is_output ? complain_of_output(done.error()) : complain(done.error());
  if (const auto finished = output.finish(); !finished) return complain_of_output(finished.error());
  return EX_OK;
}

}  // namespace homeward::app
