#include "proxy/delivery/direct.hpp"

namespace homeward::delivery {

using net::asio::awaitable;
using smtp::Reply;

Reply Direct::told(Word word) const {
  const bool passes = word.reply.is_permanent() && !is_refusal(word);
  return passes ? as_transient(std::move(word.reply)) : std::move(word.reply);
}

awaitable<Reply> Direct::rcpt(smtp::Recipient to, smtp::Ahead ahead) {
  auto word = co_await submission_.rcpt(to, ahead);
  if (word.is_accepted()) accepted_.push_back(std::move(to));
  co_return told(std::move(word));
}

awaitable<Reply> Direct::data() {
  co_return told(co_await submission_.data());
}

awaitable<void> Direct::content(std::string_view block) {
  (void)co_await submission_.content(block);  // the submission keeps its word for the last dot
}

awaitable<Outcome> Direct::commit() {
  auto word = co_await submission_.last_dot();
  if (!word) word = co_await submission_.verdict();
  // What went is gone; the next message is changed from its beginning.
  if (word->lesson) (void)repairs_.begin(*submission_.order().account, *word->lesson);
  submission_.drop();
  Outcome outcome{std::move(word->reply), word->is_accepted() ? Fate::delivered : Fate::refused, {}};
  if (word->is_accepted() && !submission_.offers_dsn()) outcome.relayed = std::move(accepted_);
  co_return outcome;
}

awaitable<void> Direct::abort() {
  submission_.drop();
  co_return;
}

}  // namespace homeward::delivery
