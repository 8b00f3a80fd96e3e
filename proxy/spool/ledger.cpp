// New entries, events, restarts.
#include "proxy/spool/ledger.hpp"

#include <fmt/format.h>

#include <utility>

#include "proxy/spool/row_text.hpp"

namespace homeward::spool {

Result<void> record(Store& store, const Entry& entry, const Incoming& content) {
  if (!is_id(entry.id)) return std::unexpected(spool_error("a message without a proper id can't be stored"));
  const bool begins = entry.state == State::pending || entry.state == State::queued ||
                      entry.state == State::sending || entry.state == State::reply_unknown ||
                      entry.state == State::deferred || entry.state == State::held;
  if (!begins) {
    return std::unexpected(
        spool_error(fmt::format("message {} can't begin as {}", entry.id, to_string(entry.state))));
  }
  if (entry.recipients.empty()) {
    return std::unexpected(spool_error(fmt::format("message {} has no recipients", entry.id)));
  }
  return store.insert(entry, content.file ? NewContent() : NewContent(content.inside));
}

Result<Applied> apply(Store& store, std::string_view id, const Event& event, const Moment& now) {
  auto before = store.load(id);
  if (!before) return std::unexpected(std::move(before.error()));
  auto entry = after(std::move(*before), event, now);
  if (!entry) return std::unexpected(std::move(entry.error()));
  Applied applied{std::move(*entry), false};
  if (applied.entry.state == State::done) {
    const auto removed = store.remove(id);
    if (!removed) return std::unexpected(removed.error());
    applied.remove_file = *removed;
    return applied;
  }
  if (auto updated = store.update(applied.entry); !updated)
    return std::unexpected(std::move(updated.error()));
  return applied;
}

Result<std::vector<Applied>> restart(Store& store, const Moment& now) {
  std::vector<Applied> all;
  for (const auto& summary : store.summaries()) {
    if (summary.state != State::pending && summary.state != State::sending) continue;
    auto applied = apply(store, summary.id, Restarted{}, now);
    if (!applied) return std::unexpected(std::move(applied.error()));
    all.push_back(std::move(*applied));
  }
  return all;
}

}  // namespace homeward::spool
