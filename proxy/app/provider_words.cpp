#include "proxy/app/provider_words.hpp"

#include <fmt/format.h>

#include <vector>

#include "conf/provider_values.hpp"
#include "proxy/app/json_text.hpp"
#include "proxy/app/table.hpp"
#include "proxy/base/text.hpp"

namespace homeward::app {
namespace {

using mail::CredentialKind;
using mail::Provider;

template <class Items, class Text>
std::vector<std::string> texts(const Items& items, Text to_text) {
  std::vector<std::string> result;
  for (const auto& item : items) result.push_back(to_text(item));
  return result;
}

template <class Items>
std::vector<std::string> texts(const Items& items) {
  return texts(items, [](const auto& item) { return item.to_string(); });
}

std::string credential_words(const Provider& row) {
  const auto kinds = texts(row.credentials, [&](CredentialKind kind) -> std::string {
    switch (kind) {
      case CredentialKind::password:
        return "the mailbox's password";
      case CredentialKind::app_password:
        return "an app password";
      case CredentialKind::oauth:
        return fmt::format("OAuth ({}; not in this version yet)", row.oauth.empty() ? "own" : row.oauth);
    }
    return {};
  });
  return text::join(kinds, ", or ");
}

std::string login_words(const Provider& row) {
  const auto* form =
      row.login == mail::LoginForm::address ? "the whole address" : "what is before the @ of the address";
  return row.credentials.empty() ? form : fmt::format("{}, with {}", form, credential_words(row));
}

std::string sender_words(const Provider& row) {
  std::string words = "not known which ones it takes";
  if (row.from_rule == mail::FromRule::own) words = "the account's address alone";
  if (row.from_rule == mail::FromRule::alias)
    words = "the account's address, and what is set up there as its alias";
  if (row.from_rule == mail::FromRule::any) words = "any";
  if (row.null_sender) words += *row.null_sender ? "; the empty one too" : "; not the empty one";
  return words;
}

std::string quirk_words(const Provider& row) {
  const auto words = texts(row.quirks, [](mail::ProviderQuirk quirk) -> std::string {
    switch (quirk) {
      case mail::ProviderQuirk::login_only:
        return "of the mechanisms that it offers only LOGIN works";
      case mail::ProviderQuirk::no_ehlo_after_auth:
        return "forgets the login at an EHLO behind it (homeward sends none)";
    }
    return {};
  });
  return text::join(words, "; ");
}

std::string checked_text(const Provider& row) {
  return row.checked ? conf::date_text(*row.checked) : std::string{};
}

template <class Number>
std::string number_json(const std::optional<Number>& number) {
  return number ? std::to_string(*number) : "null";
}

std::string string_json(std::string_view text) {
  return text.empty() ? "null" : json::string(text);
}

template <class T, std::size_t Size>
std::string words_json(const std::vector<T>& values,
                       const std::array<std::pair<std::string_view, T>, Size>& words) {
  return json::array_of_strings(
      texts(values, [&](T value) { return std::string(conf::word_of(words, value)); }));
}

std::string limits_json(const Provider& row) {
  return json::object({{"connections", number_json(row.connections)},
                       {"rate", row.rate ? json::string(conf::rate_text(*row.rate)) : "null"},
                       {"recipients_per_day", number_json(row.recipients_per_day)},
                       {"recipients_per_message", number_json(row.recipients_per_message)},
                       {"max_message_size", number_json(row.max_message_size)}});
}

}  // namespace

std::string limits_text(const Provider& row) {
  std::vector<std::string> parts;
  if (row.connections) parts.push_back(fmt::format("{} connections", *row.connections));
  if (row.rate) parts.push_back(fmt::format("{} messages", conf::rate_text(*row.rate)));
  if (row.recipients_per_day) parts.push_back(fmt::format("{} recipients a day", *row.recipients_per_day));
  if (row.recipients_per_message)
    parts.push_back(fmt::format("{} recipients a message", *row.recipients_per_message));
  if (row.max_message_size) parts.push_back(fmt::format("{} a message", size_text(*row.max_message_size)));
  return text::join(parts, ", ");
}

std::string password_warning(const Provider& row) {
  if (row.credentials.empty() || row.credentials.front() == CredentialKind::password) return {};
  std::string words;
  if (row.takes(CredentialKind::password))
    words = fmt::format("{} wants a sign-in by OAuth, which this version can't do yet", row.title);
  else if (row.takes(CredentialKind::app_password))
    words = fmt::format("{} takes an app password, not the mailbox's own", row.title);
  else
    words = fmt::format("{} takes no password, only a sign-in by OAuth, which this version can't do yet",
                        row.title);
  words += '.';
  if (!row.hint.empty()) words += ' ' + row.hint;
  if (!row.help_url.empty()) words += fmt::format(" See {}", row.help_url);
  return text::printable(words, 1000);
}

std::string describe_provider(const Provider& row) {
  auto words = fmt::format("{} ({})\n", text::printable(row.title), row.name);
  const auto add = [&](std::string_view label, const std::string& text) {
    if (!text.empty()) words += fmt::format("  {:<10} {}\n", label, text::printable(text, 10'000));
  };
  add("mailboxes", text::join(texts(row.domains), ", "));
  add("servers", text::join(texts(row.servers), ", then "));
  add("also named", text::join(texts(row.hosts), ", "));
  if (!row.servers.empty() || !row.credentials.empty()) add("login", login_words(row));
  if (!row.servers.empty()) add("senders", sender_words(row));
  if (const auto limits = limits_text(row); !limits.empty()) add("limits", "at most " + limits);
  add("quirks", quirk_words(row));
  add("hint", row.hint);
  add("page", row.help_url);
  add("sources", text::join(row.sources, ", "));
  add("checked", checked_text(row));
  return words;
}

std::string provider_json(const Provider& row) {
  return json::object(
      {{"name", json::string(row.name)},
       {"title", json::string(row.title)},
       {"domains", json::array_of_strings(texts(row.domains))},
       {"servers", json::array_of_strings(texts(row.servers))},
       {"hosts", json::array_of_strings(texts(row.hosts))},
       {"login", json::string(conf::word_of(conf::kLoginForms, row.login))},
       {"credentials", words_json(row.credentials, conf::kCredentialKinds)},
       {"oauth", string_json(row.oauth)},
       {"from_rule", row.from_rule ? json::string(conf::word_of(conf::kFromRules, *row.from_rule)) : "null"},
       {"null_sender", row.null_sender ? json::boolean(*row.null_sender) : "null"},
       {"limits", limits_json(row)},
       {"quirks", words_json(row.quirks, conf::kProviderQuirks)},
       {"help_url", string_json(row.help_url)},
       {"hint", string_json(row.hint)},
       {"sources", json::array_of_strings(row.sources)},
       {"checked", string_json(checked_text(row))}});
}

}  // namespace homeward::app
