// Binding and reading of rows of `entry`.
#include "proxy/spool/sqlite_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace homeward::spool {

std::int64_t sum_of(std::string_view octets) {
  std::uint64_t sum = 14'695'981'039'346'656'037ULL;
  for (const char c : octets) sum = (sum ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
  return std::bit_cast<std::int64_t>(sum);
}

std::int64_t to_milliseconds(std::chrono::system_clock::time_point wall) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count();
}

std::chrono::system_clock::time_point from_milliseconds(std::int64_t wall) {
  // A wall of nonsense must not overflow the clock's finer ticks.
  constexpr auto kMost =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::duration::max());
  const auto bounded = std::clamp<std::int64_t>(wall, -kMost.count(), kMost.count());
  return std::chrono::system_clock::time_point{std::chrono::milliseconds{bounded}};
}

BoundTexts::BoundTexts(const Entry& entry)
    : client(entry.kind == Kind::message ? entry.origin.client.to_string() : std::string()),
      reverse_path(entry.from.to_string()),
      parameters(parameters_text(entry.parameters)),
      recipients(recipients_text(entry.recipients)),
      local_user(entry.origin.local_user ? mail::stored_text(*entry.origin.local_user) : std::string()) {}

void bind_entry(Statement& statement, const EntryRow& row, const BoundTexts& texts) {
  const auto& entry = row.entry;
  if (row.row == 0) {
    statement.bind_null();
  } else {
    statement.bind(row.row);
  }
  statement.bind(entry.id).bind(to_string(entry.kind)).bind(entry.about).bind(entry.account);
  statement.bind(to_string(entry.state)).bind(texts.client).bind(entry.origin.client_name);
  statement.bind(entry.origin.listener).bind(std::int64_t{entry.origin.esmtp}).bind(texts.reverse_path);
  statement.bind(texts.parameters).bind(texts.recipients).bind(static_cast<std::int64_t>(entry.octets));
  statement.bind(std::int64_t{row.in_file}).bind(to_milliseconds(entry.received.wall));
  statement.bind(std::int64_t{entry.received.witnessed.count()}).bind(std::int64_t{entry.next.count()});
  statement.bind(std::int64_t{entry.attempts});
  if (entry.last_attempt) {
    statement.bind(to_milliseconds(entry.last_attempt->wall));
    statement.bind(std::int64_t{entry.last_attempt->witnessed.count()});
  } else {
    statement.bind_null().bind_null();
  }
  statement.bind(entry.last_word).bind(std::int64_t{entry.possible_copy});
  statement.bind(std::int64_t{entry.delay_told}).bind(std::int64_t{entry.held_by_person});
  if (entry.origin.user) {
    statement.bind(*entry.origin.user);
  } else {
    statement.bind_null();
  }
  if (entry.origin.local_user) {
    statement.bind(texts.local_user);
  } else {
    statement.bind_null();
  }
}

namespace {

std::unexpected<std::string> wrong(std::string_view what, std::string_view text) {
  return std::unexpected(fmt::format("{}: {}", what, text.substr(0, 80)));
}

Parsed<void> read_names(const Statement& row, Entry& entry) {
  entry.id = row.text(1);
  if (!is_id(entry.id)) return wrong("bad id", entry.id);
  const auto kind = parse_kind(row.text(2));
  if (!kind) return wrong("unknown kind", row.text(2));
  entry.kind = *kind;
  entry.about = row.text(3);
  entry.account = row.text(4);
  const auto state = parse_state(row.text(5));
  if (!state) return wrong("unknown state", row.text(5));
  entry.state = *state;
  return {};
}

Parsed<void> read_envelope(const Statement& row, Entry& entry) {
  if (const auto client = row.text(6); !client.empty()) {
    const auto address = IpAddress::parse(client);
    if (!address) return wrong("bad client address", client);
    entry.origin.client = *address;
  }
  entry.origin.client_name = row.text(7);
  entry.origin.listener = row.text(8);
  entry.origin.esmtp = row.integer(9) != 0;
  if (!row.is_null(25)) entry.origin.user = row.text(25);
  if (!row.is_null(26)) {
    entry.origin.local_user = mail::parse_stored_local_user(row.text(26));
    if (!entry.origin.local_user) return wrong("bad local user", row.text(26));
  }
  auto from = parse_reverse_path_text(row.text(10));
  if (!from) return std::unexpected(std::move(from.error()));
  entry.from = std::move(*from);
  auto parameters = parse_parameters_text(row.text(11));
  if (!parameters) return std::unexpected(std::move(parameters.error()));
  entry.parameters = std::move(*parameters);
  auto recipients = parse_recipients_text(row.text(12));
  if (!recipients) return std::unexpected(std::move(recipients.error()));
  if (recipients->empty()) return wrong("no recipients", "");
  entry.recipients = std::move(*recipients);
  return {};
}

Parsed<void> read_schedule(const Statement& row, Entry& entry) {
  using std::chrono::milliseconds;
  const auto octets = row.integer(13);
  const auto attempts = row.integer(18);
  if (octets < 0 || attempts < 0 || attempts > std::numeric_limits<unsigned>::max()) {
    return wrong("bad numbers", fmt::format("octets {}, attempts {}", octets, attempts));
  }
  entry.octets = static_cast<std::uint64_t>(octets);
  entry.received = {from_milliseconds(row.integer(15)), milliseconds{row.integer(16)}};
  entry.next = milliseconds{row.integer(17)};
  entry.attempts = static_cast<unsigned>(attempts);
  if (!row.is_null(19))
    entry.last_attempt = {from_milliseconds(row.integer(19)), milliseconds{row.integer(20)}};
  entry.last_word = row.text(21);
  entry.possible_copy = row.integer(22) != 0;
  entry.delay_told = row.integer(23) != 0;
  entry.held_by_person = row.integer(24) != 0;
  return {};
}

}  // namespace

Parsed<EntryRow> read_entry(const Statement& statement) {
  EntryRow row;
  row.row = statement.integer(0);
  row.in_file = statement.integer(14) != 0;
  auto read = read_names(statement, row.entry);
  if (read) read = read_envelope(statement, row.entry);
  if (read) read = read_schedule(statement, row.entry);
  if (!read) return std::unexpected(std::move(read.error()));
  return row;
}

}  // namespace homeward::spool
