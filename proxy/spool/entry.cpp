// The rules of the spool as one table: which event a state allows, and why not where it doesn't. Pure; the
// ledger applies it inside a transaction. product.md 7, safety.md 5 and 6.
//
//   state          on disk          what a restart does
//   pending        row, content     done: no 250 was given, so the client has the message still
//   queued         row, content     nothing: due at once
//   sending        row, content     reply_unknown, in kUnknownPause: the dot may have arrived
//   reply_unknown  row, content     nothing: due at `next`
//   deferred       row, content     nothing: due at `next`
//   held, failed   row, content     nothing: a person's turn
//   done           nothing          –
#include "proxy/spool/entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

namespace homeward::spool {
namespace {

constexpr std::size_t kStates = 8;

struct StateName {
  State state;
  std::string_view name;
};
constexpr std::array<StateName, kStates> kStateNames{{
    {State::pending, "pending"},
    {State::queued, "queued"},
    {State::sending, "sending"},
    {State::reply_unknown, "reply-unknown"},
    {State::deferred, "deferred"},
    {State::held, "held"},
    {State::failed, "failed"},
    {State::done, "done"},
}};

struct KindName {
  Kind kind;
  std::string_view name;
};
constexpr std::array<KindName, 4> kKindNames{{
    {Kind::message, "message"},
    {Kind::failure_report, "failure-report"},
    {Kind::delay_report, "delay-report"},
    {Kind::success_report, "success-report"},
}};

/// What an event may do in a state: happen, change nothing, or be refused with these words.
struct Rule {
  enum class Do : std::uint8_t { happen, nothing, refuse };
  Do what = Do::refuse;
  std::string_view words;
};

constexpr Rule kYes{Rule::Do::happen, {}};
constexpr Rule kNothing{Rule::Do::nothing, {}};
constexpr Rule kNotYet{Rule::Do::refuse, "is not accepted yet"};
constexpr Rule kReleased{Rule::Do::refuse, "was released before"};
constexpr Rule kSending{Rule::Do::refuse, "is being sent at this moment: try again when that is over"};
constexpr Rule kNoDot{Rule::Do::refuse, "is not being sent: no answer can be lost"};
constexpr Rule kIsHeld{Rule::Do::refuse, "is held: release it first"};
constexpr Rule kNotHeld{Rule::Do::refuse, "is not held"};
constexpr Rule kHasFailed{Rule::Do::refuse, "has failed: retry or drop it"};
constexpr Rule kIsDone{Rule::Do::refuse, "is done"};

constexpr std::size_t kEvents = std::variant_size_v<Event>;
static_assert(kEvents == 12, "a new event is a new column of the table");

/// Rows as State, columns as Event.
// clang-format off
constexpr std::array<std::array<Rule, kEvents>, kStates> kTable{{
    //              Released   DotDue      Settled     AnswerLost Failed   DelayTold   Held        Rerouted  Unheld    Hurried   Dropped   Restarted
    /* pending  */ {kYes,      kYes,       kNotYet,    kYes,      kNotYet, kNotYet,    kNotYet,    kNotYet,  kNotYet,  kNotYet,  kYes,     kYes},
    /* queued   */ {kReleased, kYes,       kYes,       kNoDot,    kYes,    kYes,       kYes,       kYes,     kNotHeld, kYes,     kYes,     kNothing},
    /* sending  */ {kReleased, kSending,   kYes,       kYes,      kYes,    kYes,       kSending,   kSending, kSending, kSending, kSending, kYes},
    /* unknown  */ {kReleased, kYes,       kYes,       kNoDot,    kYes,    kYes,       kYes,       kYes,     kNotHeld, kYes,     kYes,     kNothing},
    /* deferred */ {kReleased, kYes,       kYes,       kNoDot,    kYes,    kYes,       kYes,       kYes,     kNotHeld, kYes,     kYes,     kNothing},
    /* held     */ {kReleased, kIsHeld,    kYes,       kNoDot,    kYes,    kYes,       kYes,       kYes,     kYes,     kIsHeld,  kYes,     kNothing},
    /* failed   */ {kReleased, kHasFailed, kHasFailed, kNoDot,    kYes,    kHasFailed, kHasFailed, kYes,     kNotHeld, kYes,     kYes,     kNothing},
    /* done     */ {kIsDone,   kIsDone,    kIsDone,    kIsDone,   kIsDone, kIsDone,    kIsDone,    kIsDone,  kIsDone,  kIsDone,  kIsDone,  kNothing},
}};
// clang-format on

std::unexpected<Error> refuse(const Entry& entry, std::string_view words) {
  return std::unexpected(
      make_error(Fault::local, 451, {4, 3, 0}, fmt::format("message {} {}", entry.id, words)));
}

bool has_waiting(const Entry& entry) {
  return std::ranges::any_of(entry.recipients,
                             [](const auto& r) { return r.status == Recipient::Status::waiting; });
}

bool is_unreported(const Recipient& recipient) {
  return recipient.status == Recipient::Status::refused && !recipient.reported;
}

bool has_unreported(const Entry& entry) {
  return std::ranges::any_of(entry.recipients, is_unreported);
}

/// Takes over what became of `news`. One address may stand in an envelope twice: each is matched once.
/// Returns those that the entry did not know.
std::vector<Recipient> merge(Entry& entry, const std::vector<Recipient>& news) {
  std::vector<Recipient> unknown;
  std::vector<bool> taken(entry.recipients.size());
  std::size_t guess = 0;  // they mostly come in the same order
  for (const auto& one : news) {
    const auto fits = [&](std::size_t i) { return !taken[i] && entry.recipients[i].to == one.to; };
    std::size_t at = guess;
    if (at >= taken.size() || !fits(at)) {
      for (at = 0; at < taken.size() && !fits(at); ++at) {
      }
    }
    if (at == taken.size()) {
      unknown.push_back(one);
      continue;
    }
    taken[at] = true;
    entry.recipients[at] = one;
    guess = at + 1;
  }
  return unknown;
}

void finish(Entry& entry, State state) {
  entry.state = state;
  entry.next = {};
}

void count_attempt(Entry& entry, const Moment& now) {
  ++entry.attempts;
  entry.last_attempt = now;
}

void lose_answer(Entry& entry, std::chrono::milliseconds next, const Moment& now) {
  count_attempt(entry, now);
  entry.state = State::reply_unknown;
  entry.next = next;
  entry.possible_copy = true;
}

/// What each event does where the table lets it happen.
struct Happen {
  Entry& entry;
  const Moment& now;

  Result<void> operator()(const Released& event) const {
    // The live recipients of a transaction may only now be known to wait.
    for (auto& late : merge(entry, event.recipients)) entry.recipients.push_back(std::move(late));
    if (!has_waiting(entry)) {
      finish(entry, State::done);
      return {};
    }
    entry.state = State::queued;
    entry.next = now.witnessed;
    return {};
  }
  Result<void> operator()(const DotDue& /*event*/) const {
    finish(entry, State::sending);
    return {};
  }
  Result<void> operator()(const Settled& event) const {
    if (const auto unknown = merge(entry, event.recipients); !unknown.empty()) {
      return refuse(entry, fmt::format("has no recipient {}", unknown.front().to.path.to_string()));
    }
    count_attempt(entry, now);
    entry.last_word = event.word;
    if (!has_waiting(entry)) {
      finish(entry, has_unreported(entry) ? State::failed : State::done);
    } else if (entry.state != State::held) {
      entry.state = State::deferred;
      entry.next = event.next;
    }
    return {};
  }
  Result<void> operator()(const AnswerLost& event) const {
    lose_answer(entry, event.next, now);
    entry.last_word = event.word;
    return {};
  }
  Result<void> operator()(const Failed& event) const {
    entry.last_word = event.word;
    finish(entry, event.returned ? State::done : State::failed);
    if (!event.returned) return {};
    for (auto& one : entry.recipients) {
      if (one.status == Recipient::Status::waiting) one.status = Recipient::Status::refused;
    }
    return {};
  }
  Result<void> operator()(const DelayTold& /*event*/) const {
    entry.delay_told = true;
    return {};
  }
  Result<void> operator()(const Held& event) const {
    finish(entry, State::held);
    entry.last_word = event.word;
    entry.held_by_person = entry.held_by_person || event.by_person;
    return {};
  }
  Result<void> operator()(const Rerouted& event) const {
    entry.account = event.account;
    return {};
  }
  Result<void> operator()(const Unheld& /*event*/) const {
    entry.held_by_person = false;
    entry.state = State::queued;
    entry.next = now.witnessed;
    return {};
  }
  Result<void> operator()(const Hurried& event) const {
    if (entry.state == State::failed) {
      entry.state = State::queued;
      for (auto& one : entry.recipients) {
        if (is_unreported(one)) one.status = Recipient::Status::waiting;
      }
    }
    entry.next = now.witnessed;
    if (!event.word.empty()) entry.last_word = event.word;
    return {};
  }
  Result<void> operator()(const Dropped& event) const {
    finish(entry, State::done);
    entry.last_word = event.word;
    return {};
  }
  Result<void> operator()(const Restarted& /*event*/) const {
    if (entry.state == State::pending) {
      finish(entry, State::done);
      entry.last_word = "homeward ended before it had accepted the message";
      return {};
    }
    lose_answer(entry, now.witnessed + kUnknownPause, now);
    entry.last_word = "homeward ended before the server's answer to the message came: a copy is possible";
    return {};
  }
};

}  // namespace

std::string_view to_string(State state) {
  return kStateNames[std::to_underlying(state)].name;
}

std::optional<State> parse_state(std::string_view name) {
  const auto found = std::ranges::find(kStateNames, name, &StateName::name);
  if (found == kStateNames.end()) return std::nullopt;
  return found->state;
}

std::string_view to_string(Kind kind) {
  return kKindNames[std::to_underlying(kind)].name;
}

std::optional<Kind> parse_kind(std::string_view name) {
  const auto found = std::ranges::find(kKindNames, name, &KindName::name);
  if (found == kKindNames.end()) return std::nullopt;
  return found->kind;
}

bool Entry::is_waiting() const {
  return state == State::queued || state == State::deferred || state == State::reply_unknown;
}

Summary summary_of(const Entry& entry) {
  return {.id = entry.id,
          .account = entry.account,
          .client = entry.kind == Kind::message ? entry.origin.client.to_string() : std::string(),
          .state = entry.state,
          .next = entry.next,
          .received = entry.received.witnessed};
}

std::chrono::milliseconds age(const Entry& entry, const Moment& now) {
  using std::chrono::milliseconds;
  const auto witnessed = std::max(now.witnessed - entry.received.witnessed, milliseconds{0});
  if (now.wall < entry.received.wall) return witnessed;
  return std::min(witnessed, std::chrono::duration_cast<milliseconds>(now.wall - entry.received.wall));
}

Result<Entry> after(Entry entry, const Event& event, const Moment& now) {
  const Rule& rule = kTable[std::to_underlying(entry.state)][event.index()];
  switch (rule.what) {
    case Rule::Do::refuse:
      return refuse(entry, rule.words);
    case Rule::Do::nothing:
      return entry;
    case Rule::Do::happen:
      break;
  }
  if (auto happened = std::visit(Happen{entry, now}, event); !happened) {
    return std::unexpected(std::move(happened.error()));
  }
  return entry;
}

}  // namespace homeward::spool
