#include "proxy/frontend/duplicate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace homeward::frontend {

Fingerprint::Fingerprint(const mail::Envelope& envelope) {
  // Each part ends in a character that none of them holds.
  const auto& parameters = envelope.parameters;
  const auto& origin = envelope.origin;
  digest_.update(fmt::format(
      "{}\n{}\n{}\n{}\n{}\n{}\n{}\n", origin.client.to_string(), origin.listener, origin.user.value_or(""),
      origin.local_user ? mail::stored_text(*origin.local_user) : "", envelope.from.to_string(),
      parameters.envelope_id, parameters.ret ? static_cast<int>(*parameters.ret) : -1));
}

void Fingerprint::recipient(const smtp::Recipient& to) {
  const auto& [notify, original] = to.parameters;
  const int asked =
      notify ? (notify->success ? 1 : 0) + (notify->failure ? 2 : 0) + (notify->delay ? 4 : 0) : -1;
  digest_.update(fmt::format("{}\n{}\n{}\n", to.path.to_string(), asked, original));
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

void UnreadAnswers::add(Answer answer) {
  if (answers_.size() >= kMost) answers_.pop_front();
  answers_.push_back(std::move(answer));
}

std::optional<UnreadAnswers::Answer> UnreadAnswers::take(const std::string& fingerprint, TimePoint now) {
  std::erase_if(answers_, [now](const Answer& answer) { return now - answer.when >= kKept; });
  const auto found = std::ranges::find(answers_, fingerprint, &Answer::fingerprint);
  if (found == answers_.end()) return std::nullopt;
  auto answer = std::move(*found);
  answers_.erase(found);
  return answer;
}

}  // namespace homeward::frontend
