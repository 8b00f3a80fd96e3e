#include "proxy/control/routes.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/base/text.hpp"
#include "proxy/control/target.hpp"
#include "proxy/control/values.hpp"

namespace homeward::control {
namespace {

namespace json = boost::json;
using net::HttpRequest;
using net::HttpResponse;
using net::asio::awaitable;
using ServicesPointer = std::shared_ptr<const Services>;

constexpr std::chrono::seconds kPollInterval{1};
constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMostLimit = 1000;
constexpr std::size_t kContentBlock = 64UL * 1024;
constexpr std::size_t kLongestId = 64;

HttpResponse ok(const json::value& body) {
  return {200, "application/json", json::serialize(body) + "\n"};
}

HttpResponse failure(unsigned status, std::string_view error, std::string_view cure) {
  return {status, "application/json",
          json::serialize(json::object{{"error", text::printable(error, 2048)}, {"cure", cure}}) + "\n"};
}

HttpResponse no_such_page() {
  return failure(404, "there is no such page", "the pages are listed in docs/control.md");
}

HttpResponse wrong_method(std::string_view right) {
  return failure(405, "this page is not asked that way", fmt::format("use {}", right));
}

/// What to do about an error of spool or runner; which it is, its code tells (see their headers).
HttpResponse answer_to(const Error& error, bool is_change) {
  const auto& words = error.reply.text;
  switch (error.reply.code) {
    case 550:
      return failure(404, words, "homeward queue list shows what is there, homeward accounts the accounts");
    case 452:
      return failure(507, words, "make room on the disk that the spool is on");
    default:
      return is_change ? failure(409, words, "ask again in a moment, or look at it: homeward queue show")
                       : failure(503, words, "the log says more");
  }
}

/// Ids come from people too. What can't be one is not looked up.
bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= kLongestId && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

HttpResponse no_id(std::string_view id) {
  return failure(404, fmt::format("there is no message {}", text::printable(id, kLongestId)),
                 "homeward queue list shows the ids of those that are there");
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// --- What is asked ------------------------------------------------------------------------------------

/// Waits until something has changed, or for as long as was asked; only then is anything polled.
awaitable<void> await_change(const Services& services, const HttpRequest& request, std::uint64_t known,
                             std::chrono::seconds wait) {
  net::asio::steady_timer timer(co_await net::asio::this_coro::executor);
  const auto due = std::chrono::steady_clock::now() + std::min<std::chrono::seconds>(wait, kLongestWait);
  while (services.revision() == known && std::chrono::steady_clock::now() < due &&
         !(request.peer_is_gone && request.peer_is_gone())) {
    timer.expires_at(std::min(due, std::chrono::steady_clock::now() + kPollInterval));
    (void)co_await timer.async_wait(net::kNoThrow);
  }
}

json::object daemon_object(const DaemonFacts& facts) {
  const auto uptime = std::chrono::system_clock::now() - facts.since;
  return {{"version", facts.version},
          {"hostname", facts.hostname},
          {"pid", getpid()},
          {"since", time_text(facts.since)},
          {"uptime_seconds",
           std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(uptime).count())},
          {"listeners", to_json(facts.listeners)},
          {"sessions", facts.sessions}};
}

/// When the oldest message that still waits came; null where none does.
awaitable<json::value> oldest_waiting(const Services& services, const spool::SpoolFacts& facts) {
  if (facts.waiting == 0) co_return nullptr;
  const auto summaries = co_await services.summaries();
  if (!summaries) co_return nullptr;  // the facts, which were had, tell of the trouble
  std::optional<std::chrono::milliseconds> oldest;
  for (const auto& summary : *summaries) {
    if (summary.state == spool::State::held || summary.state == spool::State::failed) continue;
    if (!oldest || summary.received < *oldest) oldest = summary.received;
  }
  if (!oldest) co_return nullptr;
  const auto now = services.now();
  co_return json::value(time_text(now.wall - (now.witnessed - *oldest)));
}

awaitable<HttpResponse> get_status(ServicesPointer services, HttpRequest request, Target target) {
  const auto since = target.value("since");
  const auto wait = target.value("wait");
  if (!since.empty()) {
    const auto known = number(since);
    const auto seconds = wait.empty() ? std::optional<std::uint64_t>(0) : number(wait);
    if (!known || !seconds || *seconds > 3600)
      co_return failure(400, "since and wait are numbers", "since=REVISION&wait=SECONDS");
    co_await await_change(*services, request, *known, std::chrono::seconds(*seconds));
  }
  // Asked before the rest: what changes meanwhile is seen by the next look.
  const auto revision = services->revision();
  const auto facts = co_await services->facts();
  if (!facts) co_return answer_to(facts.error(), false);
  const auto daemon = services->daemon();
  auto body = daemon_object(daemon);
  body["spool"] = to_json(*facts);
  body["oldest_waiting"] = co_await oldest_waiting(*services, *facts);
  body["accounts"] = to_json(services->accounts());
  auto troubles = daemon.troubles;
  troubles.insert(troubles.end(), facts->troubles.begin(), facts->troubles.end());
  body["troubles"] = to_json(troubles);
  body["revision"] = revision;
  co_return ok(body);
}

awaitable<HttpResponse> get_queue(ServicesPointer services, Target target) {
  spool::ListQuery query;
  if (const auto state = target.value("state"); !state.empty()) {
    query.state = spool::parse_state(state);
    if (!query.state)
      co_return failure(400, fmt::format("there is no state {}", text::printable(state, 40)),
                        "one of queued, sending, reply-unknown, deferred, held, failed, done");
  }
  if (const auto account = target.value("account"); !account.empty()) query.account = std::string(account);
  const auto limit = target.value("limit");
  const auto wanted = limit.empty() ? std::optional<std::uint64_t>(kDefaultLimit) : number(limit);
  if (!wanted || *wanted == 0 || *wanted > kMostLimit)
    co_return failure(400, "limit is no number that it could be", fmt::format("1 to {}", kMostLimit));
  query.limit = *wanted;
  query.after = std::string(target.value("after"));
  if (!query.after.empty() && !is_id(query.after)) co_return no_id(query.after);
  const auto entries = co_await services->list(query);
  if (!entries) co_return answer_to(entries.error(), false);
  const auto now = services->now();
  json::array messages;
  for (const auto& entry : *entries) messages.push_back(to_json(entry, now, Detail::brief));
  const bool more = entries->size() >= query.limit;
  co_return ok(json::object{{"messages", std::move(messages)},
                            {"next", more ? json::value(entries->back().id) : json::value(nullptr)}});
}

/// The trace may know a message that the spool no longer has, or never had (delivered at once).
awaitable<HttpResponse> get_trace(ServicesPointer services, std::string id) {
  const auto lines = co_await services->trace(id);
  if (!lines) co_return answer_to(lines.error(), false);
  const auto entry = co_await services->load(id);
  if (!entry && entry.error().reply.code != 550) co_return answer_to(entry.error(), false);
  if (!entry && lines->empty()) co_return no_id(id);
  co_return ok(json::object{
      {"id", id},
      {"message", entry ? json::value(to_json(*entry, services->now(), Detail::full)) : json::value(nullptr)},
      {"trace", to_json(*lines)}});
}

awaitable<HttpResponse> get_message(ServicesPointer services, std::string id) {
  const auto entry = co_await services->load(id);
  if (!entry) co_return answer_to(entry.error(), false);
  const auto lines = co_await services->trace(id);
  if (!lines) co_return answer_to(lines.error(), false);
  co_return ok(
      json::object{{"message", to_json(*entry, services->now(), Detail::full)}, {"trace", to_json(*lines)}});
}

/// Content that is being read out.
struct Reading {
  std::unique_ptr<spool::StoredContent> content;
  std::uint64_t offset = 0;
};

net::Task<std::string> read_on(std::shared_ptr<Reading> reading) {
  auto part = co_await reading->content->read(reading->offset, kContentBlock);
  if (part) reading->offset += part->size();
  co_return part;
}

awaitable<HttpResponse> get_content(ServicesPointer services, std::string id, uid_t who) {
  auto content = co_await services->content(id);
  if (!content) co_return answer_to(content.error(), false);
  log::info("control.export", {{"id", id}, {"uid", std::to_string(who)}});
  const auto reading = std::make_shared<Reading>(std::move(*content));  // shared by the parts' function
  HttpResponse response{200, "message/rfc822", {}};
  response.length = reading->content->size();
  response.source = [reading] { return read_on(reading); };
  co_return response;
}

awaitable<HttpResponse> get_ids(ServicesPointer services, Target target) {
  const std::string prefix(target.value("prefix"));
  if (!prefix.empty() && !is_id(prefix)) co_return ok(json::object{{"ids", json::array{}}});
  const auto ids = co_await services->ids(prefix);
  if (!ids) co_return answer_to(ids.error(), false);
  co_return ok(json::object{{"ids", to_json(*ids)}});
}

// --- What is changed ----------------------------------------------------------------------------------

struct ChangeName {
  std::string_view name;
  std::string_view past;  ///< for the trace
  Services::Change Services::* change;
};
constexpr std::array<ChangeName, 4> kMessageChanges{{{"retry", "tried at once", &Services::retry},
                                                     {"hold", "held", &Services::hold},
                                                     {"release", "released", &Services::release},
                                                     {"drop", "dropped", &Services::drop}}};
constexpr std::array<ChangeName, 3> kAccountChanges{{{"pause", {}, &Services::pause},
                                                     {"resume", {}, &Services::resume},
                                                     {"retry", {}, &Services::retry_account}}};

template <std::size_t N>
const ChangeName* find_change(const std::array<ChangeName, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name, &ChangeName::name);
  return found == names.end() ? nullptr : &*found;
}

void log_change(std::string_view what, const std::string& on, uid_t who, const Result<void>& done) {
  log::info("control.change", {{"change", std::string(what)},
                               {"on", on},
                               {"uid", std::to_string(who)},
                               {"outcome", done ? "done" : done.error().reply.text}});
}

awaitable<HttpResponse> change_message(ServicesPointer services, const ChangeName& change, std::string id,
                                       uid_t who) {
  const auto done = co_await (services.get()->*change.change)(id);
  log_change(change.name, id, who, done);
  if (!done) co_return answer_to(done.error(), true);
  services->note({id, services->now().wall, fmt::format("control.{}", change.name),
                  fmt::format("{}, as user {} asked", change.past, who)});
  co_return ok(json::object{{"on", id}, {"done", change.name}});
}

awaitable<HttpResponse> change_account(ServicesPointer services, const ChangeName& change, std::string name,
                                       uid_t who) {
  const auto done = co_await (services.get()->*change.change)(name);
  log_change(fmt::format("{}-account", change.name), name, who, done);
  if (!done) co_return answer_to(done.error(), true);
  co_return ok(json::object{{"on", name}, {"done", change.name}});
}

/// Everything that waits is tried now, account by account; a paused one stays paused.
awaitable<HttpResponse> retry_all(ServicesPointer services, uid_t who) {
  json::array tried;
  for (const auto& account : services->accounts()) {
    if (account.state == delivery::AccountState::paused) continue;
    const auto done = co_await services->retry_account(account.name);
    log_change("retry-account", account.name, who, done);
    if (!done) co_return answer_to(done.error(), true);
    tried.push_back(json::value(account.name));
  }
  co_return ok(json::object{{"accounts", std::move(tried)}, {"done", "retry"}});
}

// --- Which is which -----------------------------------------------------------------------------------

/// Below /v1/queue/ID.
awaitable<HttpResponse> answer_message(ServicesPointer services, HttpRequest request, Target target) {
  const auto& id = target.path[2];
  if (!is_id(id)) co_return no_id(id);
  const bool is_get = request.method == "GET";
  if (target.path.size() == 3) {
    if (!is_get) co_return wrong_method("GET");
    co_return co_await get_message(services, id);
  }
  const auto& what = target.path[3];
  if (what == "content") {
    if (!is_get) co_return wrong_method("GET");
    co_return co_await get_content(services, id, request.peer_uid);
  }
  const auto* which = find_change(kMessageChanges, what);
  if (which == nullptr) co_return no_such_page();
  if (request.method != "POST") co_return wrong_method("POST");
  co_return co_await change_message(services, *which, id, request.peer_uid);
}

awaitable<HttpResponse> answer_accounts(ServicesPointer services, HttpRequest request, Target target) {
  if (target.path.size() == 2) {
    if (request.method != "GET") co_return wrong_method("GET");
    co_return ok(json::object{{"accounts", to_json(services->accounts())}});
  }
  if (target.path.size() != 4) co_return no_such_page();
  const auto* which = find_change(kAccountChanges, target.path[3]);
  if (which == nullptr) co_return no_such_page();
  if (request.method != "POST") co_return wrong_method("POST");
  co_return co_await change_account(services, *which, target.path[2], request.peer_uid);
}

awaitable<HttpResponse> answer_queue(ServicesPointer services, HttpRequest request, Target target) {
  if (target.path.size() == 2) {
    if (request.method != "GET") co_return wrong_method("GET");
    co_return co_await get_queue(services, std::move(target));
  }
  // An id has twelve characters: "retry" is none.
  if (target.path.size() == 3 && target.path[2] == "retry") {
    if (request.method != "POST") co_return wrong_method("POST");
    co_return co_await retry_all(services, request.peer_uid);
  }
  if (target.path.size() > 4) co_return no_such_page();
  co_return co_await answer_message(services, std::move(request), std::move(target));
}

}  // namespace

awaitable<HttpResponse> answer(ServicesPointer services, HttpRequest request) {
  auto target = parse_target(request.target);
  if (!target) co_return failure(400, "the request's target is broken", "ask for /v1/status");
  const auto& path = target->path;
  if (path.size() < 2 || path[0] != "v1") co_return no_such_page();
  if (path[1] == "queue") co_return co_await answer_queue(services, std::move(request), std::move(*target));
  if (path[1] == "accounts")
    co_return co_await answer_accounts(services, std::move(request), std::move(*target));
  const bool is_trace = path[1] == "trace" && path.size() == 3;
  if (!is_trace && (path.size() != 2 || (path[1] != "status" && path[1] != "ids"))) co_return no_such_page();
  if (request.method != "GET") co_return wrong_method("GET");
  if (path[1] == "status") co_return co_await get_status(services, std::move(request), std::move(*target));
  if (path[1] == "ids") co_return co_await get_ids(services, std::move(*target));
  if (!is_id(path[2])) co_return no_id(path[2]);
  co_return co_await get_trace(services, path[2]);
}

}  // namespace homeward::control
