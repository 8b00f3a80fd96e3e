// Entry: one accepted message as the spool keeps it, without its content, and what may happen to it. The
// rules (which state follows which event, what a restart does) are pure and stand in entry.cpp as one table;
// they know nothing of storage. product.md 7, safety.md 5.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proxy/base/result.hpp"
#include "proxy/mail/envelope.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::spool {

/// A point in time in two measures. `wall` is for people. `witnessed` is what was seen to pass while this
/// spool existed: it is advanced by the boot clock, by at most kLargestGap over a time that nobody saw
/// (another boot), and never goes back; schedules are kept in it.
struct Moment {
  std::chrono::system_clock::time_point wall;
  std::chrono::milliseconds witnessed{0};
};

enum class State : std::uint8_t {
  pending,        ///< 250 not given yet: dropped at restart
  queued,         ///< waits for its first attempt
  sending,        ///< the last dot is on its way: at restart, reply unknown
  reply_unknown,  ///< the last dot's answer was lost: tried again after kUnknownPause, a copy is possible
  deferred,       ///< waits for its next attempt
  held,           ///< by a person, or as no account takes it any more
  failed,         ///< undeliverable and not returned: kept for the person
  done,           ///< delivered, returned or dropped: no content any more
};
std::string_view to_string(State state);             ///< "reply-unknown"
std::optional<State> parse_state(std::string_view);  ///< the inverse

enum class Kind : std::uint8_t { message, failure_report, delay_report, success_report };
std::string_view to_string(Kind kind);
std::optional<Kind> parse_kind(std::string_view);

/// What became of one recipient so far.
struct Recipient {
  enum class Status : std::uint8_t { waiting, delivered, refused };
  smtp::Recipient to;
  Status status = Status::waiting;
  std::optional<smtp::Reply> last;  ///< upstream's last word on it, or ours
  bool reported = false;            ///< of a refused one: a report was stored, or none is wanted
};

struct Entry {
  std::string id;  ///< the trace id
  Kind kind = Kind::message;
  std::string about;  ///< of a report: the id of the message it reports on
  std::string account;
  State state = State::queued;
  mail::Origin origin;
  smtp::ReversePath from;
  smtp::MailParameters parameters;
  std::vector<Recipient> recipients;
  std::uint64_t octets = 0;
  Moment received;
  std::chrono::milliseconds next{0};  ///< witnessed time of the next attempt, where state waits for one
  unsigned attempts = 0;
  std::optional<Moment> last_attempt;
  std::string last_word;        ///< why it is where it is, for people
  bool possible_copy = false;   ///< an attempt's answer was lost: a second copy may exist
  bool delay_told = false;      ///< the one delay report was made
  bool held_by_person = false;  ///< else held by us, as no account took it: a reload tries it again

  bool is_waiting() const;  ///< queued, deferred or reply_unknown
};

/// What the runner and lists need of an entry; small, as all of them are in memory.
struct Summary {
  std::string id;
  std::string account;
  std::string client;  ///< address, for fairness; empty for reports
  State state = State::queued;
  std::chrono::milliseconds next{0};
  std::chrono::milliseconds received{0};  ///< witnessed
};
Summary summary_of(const Entry& entry);

inline constexpr std::chrono::minutes kUnknownPause{30};
inline constexpr std::chrono::hours kDelayReport{4};
inline constexpr std::chrono::hours kLargestGap{12};

/// How old an entry is: by the wall and by what was witnessed, the smaller of both; a wall that went back is
/// not asked. So neither a clock that jumps nor a machine that was off expires mail alone.
std::chrono::milliseconds age(const Entry& entry, const Moment& now);

/// Events; each is one transaction of the store.
struct Released {  ///< the client's 250 is due: pending → queued (done, where nobody is left waiting)
  std::vector<Recipient> recipients;
};
struct DotDue {
};  ///< the last dot is about to go, or went while the client waited: → sending (from pending too)
/// An attempt is over, with a verdict for each recipient that was tried. With nobody left waiting: → done, or
/// failed where a refused one was not reported.
struct Settled {
  std::vector<Recipient> recipients;
  std::chrono::milliseconds next{0};  ///< of the next attempt, where some still wait
  std::string word;
};
struct AnswerLost {  ///< after the last dot: → reply_unknown
  std::chrono::milliseconds next{0};
  std::string word;
};
struct Failed {  ///< given up; `returned`: a report was stored in the same transaction
  bool returned = false;
  std::string word;
};
struct DelayTold {};
struct Held {
  std::string word;
  bool by_person = true;
};
/// The configuration chooses another account for it now; state and schedule stay.
struct Rerouted {
  std::string account;
};
struct Unheld {};  ///< by a person: → queued, now
struct Hurried {   ///< retry now, by a person or as the network is back
  std::string word;
};
struct Dropped {  ///< by a person: → done
  std::string word;
};
struct Restarted {};  ///< what a restart does: pending → dropped, sending → reply_unknown
using Event = std::variant<Released, DotDue, Settled, AnswerLost, Failed, DelayTold, Held, Rerouted, Unheld,
                           Hurried, Dropped, Restarted>;

/// The entry after `event` at `now`. Error: local, where the state does not allow it (the text says which).
Result<Entry> after(Entry entry, const Event& event, const Moment& now);

}  // namespace homeward::spool
