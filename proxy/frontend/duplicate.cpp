#include "proxy/frontend/duplicate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace homeward::frontend {

void Fingerprint::begin(const mail::Envelope& envelope) {
  (void)digest_.finish();
  header_ = {};
  // Each part ends in a character that none of them holds.
  digest_.update(fmt::format("{}\n{}\n{}\n", envelope.origin.client.to_string(), envelope.origin.listener,
                             envelope.from.to_string()));
}

void Fingerprint::recipient(const smtp::Recipient& to) {
  digest_.update(to.path.to_string() + "\n");
}

void Fingerprint::content(std::string_view block) {
  header_.feed(block);
  digest_.update(block);
}

std::optional<std::string> Fingerprint::finish() {
  auto fingerprint = digest_.finish();
  if (mail::header_field(header_.text(), "Message-ID").empty()) return std::nullopt;
  return fingerprint;
}

void UnreadAnswers::add(std::string fingerprint, smtp::Reply reply, TimePoint now) {
  if (answers_.size() >= kMost) answers_.pop_front();
  answers_.push_back({std::move(fingerprint), std::move(reply), now});
}

std::optional<smtp::Reply> UnreadAnswers::take(const std::string& fingerprint, TimePoint now) {
  while (!answers_.empty() && now - answers_.front().when >= kKept) answers_.pop_front();
  const auto found = std::ranges::find(answers_, fingerprint, &Answer::fingerprint);
  if (found == answers_.end()) return std::nullopt;
  auto reply = std::move(found->reply);
  answers_.erase(found);
  return reply;
}

}  // namespace homeward::frontend
