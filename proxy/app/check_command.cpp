// The words of `homeward check`. Passwords are named by where they come from and never shown; neither is
// password_command, which may hold one.
#include "proxy/app/check_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pwd.h>
#include <sysexits.h>

#include <cstdio>
#include <type_traits>
#include <variant>

#include "conf/values.hpp"
#include "proxy/app/json_text.hpp"
#include "proxy/app/provider_words.hpp"
#include "proxy/app/table.hpp"
#include "proxy/base/text.hpp"
#include "proxy/mail/header_order.hpp"

namespace homeward::app {
namespace {

std::string address_text(const conf::ListenAddress& address) {
  if (const auto* passed = std::get_if<conf::PassedSocket>(&address))
    return fmt::format("systemd:{}", passed->name);
  return std::get<conf::SocketAddress>(address).to_string();
}

std::string server_text(const conf::Server& server) {
  return server.to_string();
}

// The key that gives the password; what it says only where that is no secret.
std::string password_text(const conf::PasswordSource& source) {
  return std::visit(
      [](const auto& from) -> std::string {
        using From = std::remove_cvref_t<decltype(from)>;
        if constexpr (std::is_same_v<From, conf::PasswordInline>) return "password (in this file)";
        if constexpr (std::is_same_v<From, conf::PasswordFile>)
          return fmt::format("password_file {}", from.path.string());
        if constexpr (std::is_same_v<From, conf::PasswordCommand>) return "password_command";
        if constexpr (std::is_same_v<From, conf::PasswordCredential>)
          return fmt::format("password_credential {}", from.name);
        return "none";
      },
      source);
}

bool is_local_user(const std::string& name) {
  std::vector<char> buffer(64UL * 1024);
  passwd entry{};
  passwd* found = nullptr;
  // Where the user database can't be asked there is nothing to warn of.
  return ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found != nullptr;
}

template <class Items, class Text>
std::vector<std::string> texts(const Items& items, Text to_text) {
  std::vector<std::string> result;
  for (const auto& item : items) result.push_back(to_text(item));
  return result;
}

std::vector<std::string> network_texts(const std::vector<Network>& networks) {
  return texts(networks, [](const Network& network) { return network.to_string(); });
}

// Reverse-paths that the account serves, `own` as the addresses it stands for.
std::vector<std::string> sender_texts(const mail::Account& account) {
  std::vector<std::string> result;
  for (const auto& pattern : account.senders) {
    if (pattern.kind() != mail::SenderPattern::Kind::own) {
      result.push_back(pattern.to_string());
      continue;
    }
    result.push_back(account.address.to_string());
    for (const auto& alias : account.aliases) result.push_back(alias.to_string());
  }
  return result;
}

std::vector<std::string> local_user_texts(const mail::Account& account) {
  return texts(account.local_users, [](const mail::LocalUserRule& rule) { return rule.to_string(); });
}

std::vector<std::string> printable_texts(const std::vector<std::string>& items) {
  return texts(items, [](const std::string& item) { return text::printable(item); });
}

std::string list(const std::vector<std::string>& items) {
  return text::join(items, ", ");
}

bool is_default(const conf::Config& config, const conf::AccountConfig& account) {
  return config.default_account && *config.default_account == account.name();
}

bool serves_all_senders(const mail::Account& account) {
  for (const auto& pattern : account.senders)
    if (pattern.kind() == mail::SenderPattern::Kind::any) return true;
  return false;
}

std::string senders_text(const conf::Config& config, const conf::AccountConfig& account) {
  if (serves_all_senders(account.rules)) return "mail from any sender";
  auto words = fmt::format("mail from {}", list(sender_texts(account.rules)));
  if (is_default(config, account))
    words += config.accounts.size() == 1 ? ", and anything else (default_account)"
                                         : ", and anything that no other account took (default_account)";
  return words;
}

// Who may use the account, in words.
std::string users_text(const conf::Config& config, const conf::AccountConfig& account) {
  const auto& rules = account.rules;
  auto words = senders_text(config, account);
  words += rules.clients.empty() ? "; any client that may connect"
                                 : fmt::format("; clients {}", list(network_texts(rules.clients)));
  if (!rules.listeners.empty())
    words += fmt::format("; on listener{} {}", rules.listeners.size() == 1 ? "" : "s", list(rules.listeners));
  if (!rules.users.empty())
    words += fmt::format("; logged in as {}", text::join(printable_texts(rules.users), " or "));
  if (!rules.local_users.empty())
    words += fmt::format("; from programs of {} on this machine", list(local_user_texts(rules)));
  return words;
}

std::string sends_as_words(const mail::Account& account) {
  switch (account.rewrite_sender) {
    case mail::RewriteSender::always:
      return fmt::format("{}, whatever the sender was", account.address.to_string());
    case mail::RewriteSender::unless_own:
      return account.aliases.empty()
                 ? account.address.to_string()
                 : fmt::format("{}, or the alias that the sender was", account.address.to_string());
    case mail::RewriteSender::never:
      return "the sender as it was (rewrite_sender = never)";
  }
  return {};
}

std::string sends_as_text(const mail::Account& account) {
  auto words = sends_as_words(account);
  if (account.null_sender == mail::NullSender::rewrite) words += "; the empty sender becomes the address too";
  return words;
}

std::string_view name_of(mail::RewriteFrom rule) {
  switch (rule) {
    case mail::RewriteFrom::automatic:
      return "auto";
    case mail::RewriteFrom::never:
      return "never";
    case mail::RewriteFrom::unless_own:
      return "unless-own";
    case mail::RewriteFrom::always:
      return "always";
  }
  return {};
}

std::string_view from_words(mail::RewriteFrom rule) {
  switch (rule) {
    case mail::RewriteFrom::automatic:
    case mail::RewriteFrom::never:
      return "From as it came";
    case mail::RewriteFrom::unless_own:
      return "From becomes the address, unless it is that or an alias";
    case mail::RewriteFrom::always:
      return "From becomes the address";
  }
  return {};
}

std::vector<std::string> added_fields(const mail::AddMissing& fields) {
  std::vector<std::string> names;
  if (fields.date) names.emplace_back("Date");
  if (fields.message_id) names.emplace_back("Message-ID");
  if (fields.from) names.emplace_back("From");
  return names;
}

const mail::Provider* provider_of(const conf::Config& config, const conf::AccountConfig& account) {
  return account.provider.empty() ? nullptr : config.providers->find(account.provider);
}

mail::HeaderOrder header_of(const conf::Config& config, const conf::AccountConfig& account) {
  return mail::header_order(account.rules, provider_of(config, account), {});
}

std::string header_text(const conf::Config& config, const conf::AccountConfig& account) {
  const auto order = header_of(config, account);
  const auto fields = added_fields(account.rules.add_missing);
  std::string words(from_words(order.rewrite_from));
  if (account.rules.rewrite_from == mail::RewriteFrom::automatic &&
      order.rewrite_from != mail::RewriteFrom::never)
    words += ", as the provider asks for (rewrite_from = auto)";
  if (order.add_sender_field) words += "; Sender names the account where From does not";
  return words +
         (fields.empty() ? "; nothing is added" : fmt::format("; {} added where missing", list(fields)));
}

// What the account keeps within, whether its own keys say it or its provider's row.
std::string kept_limits_text(const conf::AccountConfig& account) {
  auto words = fmt::format("at most {} connection{}", account.pool_size, account.pool_size == 1 ? "" : "s");
  if (account.rate) words += fmt::format(", {} messages", conf::rate_text(*account.rate));
  if (account.max_message_size) words += fmt::format(", {} a message", size_text(*account.max_message_size));
  if (account.recipients_per_message)
    words += fmt::format(", {} recipients a message", *account.recipients_per_message);
  return words;
}

// What has to be known of its password, where it logs in by one.
std::string password_warning_of(const conf::Config& config, const conf::AccountConfig& account) {
  const auto* row = provider_of(config, account);
  return row != nullptr && account.wants_login() ? password_warning(*row) : std::string{};
}

// `local_users` that this machine does not have: a slip, or they come later.
std::string unknown_users_warning(const mail::Account& account) {
  std::vector<std::string> unknown;
  for (const auto& rule : account.local_users)
    if (!rule.id && !is_local_user(rule.name)) unknown.push_back(rule.name);
  return unknown.empty()
             ? std::string{}
             : fmt::format("this machine has no user {} (local_users)", text::join(unknown, ", "));
}

std::string warning_of(const conf::Config& config, const conf::AccountConfig& account) {
  std::vector<std::string> warnings;
  const auto add = [&](std::string warning) {
    if (!warning.empty()) warnings.push_back(std::move(warning));
  };
  add(password_warning_of(config, account));
  // Listeners ask for no login yet.
  if (!account.rules.users.empty())
    add("nobody can use it: it has users, and no listener asks for a login yet");
  add(unknown_users_warning(account.rules));
  return text::join(warnings, "; ");
}

std::string login_text(const conf::AccountConfig& account) {
  if (!account.wants_login()) return "none (mechanisms = none)";
  auto words = fmt::format("{}, password from {}", account.login, password_text(account.password));
  if (!account.authorization.empty()) words += fmt::format(", acting for {}", account.authorization);
  if (!account.mechanisms.empty()) words += fmt::format(", by {}", list(account.mechanisms));
  return words;
}

std::string_view delivery_name(conf::DeliveryMode mode) {
  switch (mode) {
    case conf::DeliveryMode::automatic:
      return "auto";
    case conf::DeliveryMode::direct:
      return "direct";
    case conf::DeliveryMode::spool:
      return "spool";
  }
  return {};
}

std::string_view delivery_text(conf::DeliveryMode mode) {
  switch (mode) {
    case conf::DeliveryMode::automatic:
      return "while the client waits, from the spool where the server gives no verdict (auto)";
    case conf::DeliveryMode::direct:
      return "while the client waits (direct)";
    case conf::DeliveryMode::spool:
      return "from the spool (spool)";
  }
  return {};
}

std::string listener_text(const conf::Listener& listener) {
  return fmt::format("listener {}\n  address   {}\n  allow     {}\n", listener.name,
                     list(texts(listener.addresses, address_text)), list(network_texts(listener.allow)));
}

std::string account_text(const conf::Config& config, const conf::AccountConfig& account) {
  const auto* row = provider_of(config, account);
  auto words = fmt::format(
      "account {}\n  address   {}\n  server    {}\n  login     {}\n  used by   {}\n  sends as  {}\n  "
      "delivers  {}\n",
      account.name(), account.rules.address.to_string(), list(texts(account.servers, server_text)),
      login_text(account), users_text(config, account), sends_as_text(account.rules),
      delivery_text(account.delivery));
  words += fmt::format("  header    {}\n", header_text(config, account));
  words += fmt::format("  limits    {}\n", kept_limits_text(account));
  if (row != nullptr)
    words += fmt::format("  provider  {}: {} (more: homeward providers {})\n", row->name,
                         text::printable(row->title), row->name);
  if (const auto warning = warning_of(config, account); !warning.empty())
    words += fmt::format("  warning   {}\n", warning);
  return words;
}

std::string listener_json(const conf::Listener& listener) {
  return json::object({{"name", json::string(listener.name)},
                       {"addresses", json::array_of_strings(texts(listener.addresses, address_text))},
                       {"allow", json::array_of_strings(network_texts(listener.allow))}});
}

std::string account_json(const conf::Config& config, const conf::AccountConfig& account) {
  const auto& rules = account.rules;
  const auto warning = warning_of(config, account);
  const auto aliases = texts(rules.aliases, [](const smtp::Mailbox& alias) { return alias.to_string(); });
  return json::object(
      {{"name", json::string(account.name())},
       {"address", json::string(rules.address.to_string())},
       {"aliases", json::array_of_strings(aliases)},
       {"servers", json::array_of_strings(texts(account.servers, server_text))},
       {"login", account.wants_login() ? json::string(account.login) : "null"},
       {"password_from", json::string(password_text(account.password))},
       {"mechanisms", json::array_of_strings(account.mechanisms)},
       {"senders", json::array_of_strings(sender_texts(rules))},
       {"clients", json::array_of_strings(network_texts(rules.clients))},
       {"listeners", json::array_of_strings(rules.listeners)},
       {"users", json::array_of_strings(rules.users)},
       {"local_users", json::array_of_strings(local_user_texts(rules))},
       {"default", json::boolean(is_default(config, account))},
       {"used_by", json::string(users_text(config, account))},
       {"sends_as", json::string(sends_as_text(rules))},
       {"rewrite_from", json::string(name_of(header_of(config, account).rewrite_from))},
       {"add_sender_field", json::boolean(header_of(config, account).add_sender_field)},
       {"add_missing", json::array_of_strings(added_fields(rules.add_missing))},
       {"delivery", json::string(delivery_name(account.delivery))},
       {"provider", account.provider.empty() ? "null" : json::string(account.provider)},
       {"pool_size", std::to_string(account.pool_size)},
       {"rate", account.rate ? json::string(conf::rate_text(*account.rate)) : "null"},
       {"max_message_size", account.max_message_size ? std::to_string(*account.max_message_size) : "null"},
       {"recipients_per_message",
        account.recipients_per_message ? std::to_string(*account.recipients_per_message) : "null"},
       {"null_sender_rewritten", json::boolean(rules.null_sender == mail::NullSender::rewrite)},
       {"warning", warning.empty() ? "null" : json::string(warning)},
       {"delivery", json::string(delivery_name(account.delivery))}});
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::string describe(const conf::Config& config) {
  std::string words;
  for (const auto& listener : config.listeners) words += listener_text(listener) + '\n';
  for (const auto& account : config.accounts) words += account_text(config, account) + '\n';
  if (!config.default_account) words += "Mail that no account takes is refused (no default_account).\n";
  return words;
}

std::string describe_json(const std::filesystem::path& file, const conf::Config& config) {
  const auto listeners = texts(config.listeners, listener_json);
  const auto accounts = texts(
      config.accounts, [&](const conf::AccountConfig& account) { return account_json(config, account); });
  return json::object(
      {{"file", json::string(file.string())},
       {"ok", json::boolean(true)},
       {"hostname", json::string(config.hostname)},
       {"default_account", config.default_account ? json::string(*config.default_account) : "null"},
       {"listeners", json::array(listeners)},
       {"accounts", json::array(accounts)}});
}

std::string problems_json(const std::filesystem::path& file, const std::vector<conf::Problem>& problems) {
  const auto items = texts(problems, [](const conf::Problem& problem) {
    return json::object({{"file", json::string(problem.file)},
                         {"line", problem.line == 0 ? "null" : std::to_string(problem.line)},
                         {"key", json::string(problem.key)},
                         {"finding", json::string(problem.finding)},
                         {"cure", json::string(problem.cure)}});
  });
  return json::object({{"file", json::string(file.string())},
                       {"ok", json::boolean(false)},
                       {"problems", json::array(items)}});
}

int run_check(const std::filesystem::path& file, bool json) {
  const auto loaded = conf::load(file);
  if (loaded) {
    const auto words = json ? describe_json(file, **loaded) + '\n'
                            : fmt::format("{} is right.\n\n{}", file.string(), describe(**loaded));
    fmt::print("{}", words);
    return EX_OK;
  }
  const auto& problems = loaded.error();
  if (json) {
    fmt::print("{}\n", problems_json(file, problems));
    return EX_CONFIG;
  }
  for (const auto& problem : problems) fmt::print(stderr, "{}\n", problem.to_string());
  fmt::print(stderr, "{}\n", counted(problems.size(), "problem"));
  return EX_CONFIG;
}

}  // namespace homeward::app
