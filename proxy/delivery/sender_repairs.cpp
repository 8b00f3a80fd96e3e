#include "proxy/delivery/sender_repairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "proxy/base/log.hpp"
#include "proxy/base/text.hpp"

namespace homeward::delivery {
namespace {

constexpr auto kLessons = std::to_array<Lesson>({Lesson::sender, Lesson::null_sender, Lesson::from});

bool holds(SenderRules rules, Lesson lesson) {
  switch (lesson) {
    case Lesson::sender:
      return rules.own_sender;
    case Lesson::null_sender:
      return rules.own_null_sender;
    case Lesson::from:
      return rules.own_from;
  }
  return false;
}

bool suggests(const mail::Advice* advice, mail::Repair repair) {
  return advice != nullptr && std::ranges::find(advice->repairs, repair) != advice->repairs.end();
}

/// All that what was learned depends on: with other settings it has to be learned anew.
std::string settings_of(const conf::AccountConfig& account) {
  const auto& rules = account.rules;
  auto text = fmt::format("{} {} {} {} {}", rules.address.to_string(), account.login, account.provider,
                          static_cast<int>(rules.rewrite_sender), static_cast<int>(rules.null_sender));
  text += fmt::format(" {}", static_cast<int>(rules.rewrite_from));
  for (const auto& alias : rules.aliases) text += " " + alias.to_string();
  for (const auto& server : account.servers) text += " " + server.host;
  return text;
}

std::string_view what_is_written(Lesson lesson) {
  switch (lesson) {
    case Lesson::sender:
      return "its own address in place of any other sender";
    case Lesson::null_sender:
      return "its own address in place of the empty sender";
    case Lesson::from:
      return "its own address in From, and as sender";
  }
  return {};
}

}  // namespace

std::string_view to_string(Lesson lesson) {
  switch (lesson) {
    case Lesson::sender:
      return "sender";
    case Lesson::null_sender:
      return "null-sender";
    case Lesson::from:
      return "from";
  }
  return {};
}

std::optional<Lesson> lesson_of(const mail::Advice* advice, const smtp::ReversePath& sender,
                                const mail::Account& account, SenderRules used, bool content_went) {
  // What a person has chosen is left so.
  const bool may_write_from = account.rewrite_from != mail::RewriteFrom::never &&
                              account.rewrite_sender != mail::RewriteSender::never;
  const bool about_sender = suggests(advice, mail::Repair::sender);
  if (about_sender && sender.is_null())
    return used.own_null_sender || account.null_sender == mail::NullSender::keep
               ? std::nullopt
               : std::optional(Lesson::null_sender);
  if (content_went && suggests(advice, mail::Repair::from) && may_write_from && !used.own_from)
    return Lesson::from;
  const bool is_own = sender.is_null() || *sender.mailbox == account.address;
  if (about_sender && !is_own && account.rewrite_sender != mail::RewriteSender::never && !used.own_sender)
    return Lesson::sender;
  return std::nullopt;
}

SenderRepairs::Known& SenderRepairs::known(const conf::AccountConfig& account) {
  auto& known = accounts_[account.name()];
  auto settings = settings_of(account);
  if (known.settings != settings) {
    const bool had_any = !known.lessons.empty();
    known = {std::move(settings), {}};
    if (had_any) store(account.name(), known);
  }
  return known;
}

void SenderRepairs::restore(const conf::Config& config, const std::string& account, std::string_view text) {
  const auto found = std::ranges::find(config.accounts, account, &conf::AccountConfig::name);
  const auto end = text.find('|');
  if (found == config.accounts.end() || end == std::string_view::npos) return;
  auto& of_account = known(*found);
  if (of_account.settings != text.substr(end + 1)) return;
  for (const auto name : text::split(text.substr(0, end), ',')) {
    const auto lesson = std::ranges::find(kLessons, name, &to_string);
    if (lesson != kLessons.end()) of_account.lessons[*lesson] = State::proven;
  }
}

SenderRules SenderRepairs::rules(const conf::AccountConfig& account) {
  if (accounts_.empty()) return {};  // the usual case costs nothing
  SenderRules rules;
  for (const auto& [lesson, state] : known(account).lessons) {
    if (state == State::useless) continue;
    rules.own_sender |= lesson != Lesson::null_sender;
    rules.own_null_sender |= lesson == Lesson::null_sender;
    rules.own_from |= lesson == Lesson::from;
  }
  return rules;
}

bool SenderRepairs::begin(const conf::AccountConfig& account, Lesson lesson) {
  const auto [found, is_new] = known(account).lessons.try_emplace(lesson, State::trying);
  if (is_new) {
    log::info("account.tries_repair",
              {{"account", account.name()}, {"writes", std::string(what_is_written(lesson))}});
  }
  return found->second != State::useless;
}

void SenderRepairs::worked(const conf::AccountConfig& account, SenderRules used) {
  if (used == SenderRules{}) return;
  auto& of_account = known(account);
  bool news = false;
  for (auto& [lesson, state] : of_account.lessons) {
    if (state != State::trying || !holds(used, lesson)) continue;
    state = State::proven;
    news = true;
    log::info("account.learned",
              {{"account", account.name()}, {"writes", std::string(what_is_written(lesson))}});
  }
  if (news) store(account.name(), of_account);
}

void SenderRepairs::failed(const conf::AccountConfig& account, SenderRules used) {
  if (used == SenderRules{}) return;
  for (auto& [lesson, state] : known(account).lessons) {
    if (state == State::trying && holds(used, lesson)) state = State::useless;
  }
}

std::vector<std::string> SenderRepairs::in_words(const conf::AccountConfig& account) {
  std::vector<std::string> words;
  for (const auto& [lesson, state] : known(account).lessons) {
    if (state != State::proven) continue;
    words.push_back(fmt::format("the provider takes {}", what_is_written(lesson)));
  }
  return words;
}

void SenderRepairs::store(const std::string& account, const Known& known) const {
  std::string names;
  for (const auto& [lesson, state] : known.lessons) {
    if (state == State::proven) names += fmt::format("{}{}", names.empty() ? "" : ",", to_string(lesson));
  }
  if (store_) store_(account, names.empty() ? std::string{} : names + "|" + known.settings);
}

}  // namespace homeward::delivery
