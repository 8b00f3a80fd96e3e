// The table. Setters are made from three parts: which member, how a value is read, how a list grows.
#include "conf/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include "conf/provider_values.hpp"
#include "conf/setters.hpp"
#include "conf/transport_values.hpp"
#include "proxy/base/text.hpp"

namespace homeward::conf {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

constexpr std::uint64_t kKilo = 1ULL << 10U;
constexpr std::uint64_t kGiga = 1ULL << 30U;

// RFC 5321 §4.5.3.1.7: no less than 64K octets of content.
Parsed<std::uint64_t> content_size(std::string_view text) {
  return parse_size(text, 64 * kKilo, 100 * kGiga);
}
Parsed<std::chrono::milliseconds> wait(std::string_view text) {
  return parse_duration(text, 100ms, 24h);
}
Parsed<std::chrono::milliseconds> patience(std::string_view text) {
  return parse_duration(text, 1s, 10min);
}
Parsed<std::chrono::milliseconds> retry_wait(std::string_view text) {
  return parse_duration(text, 1s, 24h);
}
Parsed<std::chrono::milliseconds> lifetime(std::string_view text) {
  return parse_duration(text, 1min, 24h * 60);
}
Parsed<std::chrono::milliseconds> trace_time(std::string_view text) {
  return parse_duration(text, 1h, 24h * 365);
}
// Nothing between 0 (none is kept) and a second makes sense.
Parsed<std::chrono::milliseconds> idle_time(std::string_view text) {
  if (text == "0" || text == "0s") return 0ms;
  auto time = parse_duration(text, 1s, 1h);
  if (!time) time.error().cure += "; 0 keeps none";
  return time;
}
Parsed<unsigned> many(std::string_view text) {
  return parse_count(text, 1, 100'000);
}
Parsed<unsigned> few(std::string_view text) {
  return parse_count(text, 1, 1000);
}

// clang-format off: a row is read as a row
constexpr auto kKeys = std::to_array<Key>({
    // [homeward]
    {.name = "hostname", .form = "host name", .fallback = "", .example = "mail.office.example",
     .help = "name in the greeting, in EHLO and in Received; the machine's name unless given",
     .set = &put_general<&Config::hostname, parse_domain>},
    {.name = "state_directory", .form = "folder", .fallback = "", .example = "/var/lib/homeward",
     .help = "holds the spool; else systemd's StateDirectory, /var/lib/homeward (root), or $XDG_STATE_HOME/homeward",
     .set = &put_general_path<&Config::state_directory>},
    {.name = "runtime_directory", .form = "folder", .fallback = "", .example = "/run/homeward",
     .help = "holds the control socket; else systemd's RuntimeDirectory, /run/homeward (root), or $XDG_RUNTIME_DIR/homeward",
     .set = &put_general_path<&Config::runtime_directory>},
    {.name = "spool", .form = "sqlite | sqlite:FILE", .fallback = "sqlite", .example = "",
     .help = "where messages wait that were accepted and not delivered yet; sqlite is a file in state_directory",
     .set = &put_spool},
    {.name = "max_message_size", .form = "size", .fallback = "50M", .example = "",
     .help = "largest message taken, announced to clients by SIZE",
     .set = &put_general<&Config::max_message_size, content_size>},
    {.name = "max_recipients", .form = "number", .fallback = "1000", .example = "",
     .help = "recipients of one message at most",
     .set = &put_general<&Config::max_recipients, many>},
    {.name = "max_connections", .form = "number", .fallback = "1000", .example = "",
     .help = "client connections at most; more are answered 421",
     .set = &put_general<&Config::max_connections, many>},
    {.name = "max_connections_per_client", .form = "number", .fallback = "100", .example = "",
     .help = "connections of one client address at most; more are answered 421",
     .set = &put_general<&Config::max_connections_per_client, many>},
    {.name = "command_timeout", .form = "duration", .fallback = "5m", .example = "",
     .help = "how long a client may take for one command (RFC 5321 4.5.3.2)",
     .set = &put_general<&Config::command_timeout, wait>},
    {.name = "data_timeout", .form = "duration", .fallback = "10m", .example = "",
     .help = "how long a client may be silent while it sends a message",
     .set = &put_general<&Config::data_timeout, wait>},
    {.name = "shutdown_timeout", .form = "duration", .fallback = "30s", .example = "",
     .help = "how long running transactions may go on after a stop",
     .set = &put_general<&Config::shutdown_timeout, wait>},
    {.name = "log_level", .form = "debug | info | warning | error", .fallback = "info", .example = "",
     .help = "least level that is logged",
     .set = &put_general<&Config::log_level, choose<kLogLevels>>},
    {.name = "log_format", .form = "auto | text | json | journal", .fallback = "auto", .example = "",
     .help = "form of the log; auto takes the journal's where systemd reads it, else text",
     .set = &put_general<&Config::log_format, choose<kLogFormats>>},
    {.name = "local_recipients", .shape = Shape::list, .form = "mail addresses", .fallback = "", .example = "ann@isp.example",
     .help = "who gets mail for this machine's own names (root, ann: cron, NAS); without it, it is refused",
     .set = &put_general_list<&Config::local_recipients, parse_mailbox>},
    {.name = "alert_command", .form = "command", .fallback = "", .example = "/usr/local/bin/tell-ann",
     .help = "a shell command, run when an account needs attention and when a message failed",
     .set = &put_general<&Config::alert_command, as_written>, .care = Care::verbatim},
    {.name = "keep_trace", .form = "duration", .fallback = "7d", .example = "",
     .help = "how long what happened to a message can be asked; its content goes at delivery",
     .set = &put_general<&Config::keep_trace, trace_time>},
    {.name = "default_account", .form = "account name | none", .fallback = "", .example = "home",
     .help = "takes what no account's rules took; the account where there is only one, else none",
     .set = &put_default_account},
    {.name = "include", .shape = Shape::list, .form = "files", .fallback = "", .example = "conf.d/*.ini",
     .help = "more files, by a pattern relative to this file's folder",
     .set = &put_include},

    // [listener NAME]
    {.name = "address", .shape = Shape::list, .form = "addresses", .fallback = "127.0.0.1:25", .example = "",
     .help = "ADDRESS:PORT, [ADDRESS]:PORT, or systemd:NAME for a socket passed in by systemd",
     .set = &put_list<&Listener::addresses, parse_listen_address>},
    {.name = "allow", .shape = Shape::list, .form = "networks", .fallback = "127.0.0.0/8, ::1", .example = "",
     .help = "who may connect; a listener beyond loopback must say it",
     .set = &put_list<&Listener::allow, parse_network>},
    {.name = "tolerate", .shape = Shape::list, .form = "quirks | none",
     .fallback = "bare-lf, address-space, missing-brackets, helo-auth, auth-equals", .example = "",
     .help = "slips of old clients that are mended; none is strict",
     .set = &put_tolerate},
    {.name = "patience", .form = "duration", .fallback = "20s", .example = "",
     .help = "how long a client waits for the provider's word before delivery = auto answers from the spool",
     .set = &put<&Listener::patience, patience>},

    // [account NAME], [defaults]
    {.name = "address", .form = "mail address", .fallback = "", .example = "ann@isp.example",
     .help = "the mailbox that the provider lets this login send as",
     .set = &put_rule<&mail::Account::address, parse_mailbox>, .need = Need::required},
    {.name = "aliases", .shape = Shape::list, .form = "mail addresses", .fallback = "", .example = "ann.smith@isp.example",
     .help = "further addresses that it may send as",
     .set = &put_rule_list<&mail::Account::aliases, parse_mailbox>},
    {.name = "server", .shape = Shape::list, .form = "servers", .fallback = "", .example = "submission.isp.example",
     .help = "host, smtps://host[:465] or submission://host[:587], tried in order; a bare host tries 465, 587, 2525; may be left out where the provider is known",
     .set = &put_list<&AccountConfig::servers, parse_server>},
    {.name = "provider", .form = "provider name | none", .fallback = "", .example = "gmx",
     .help = "the row of the provider table whose servers, login and limits hold where no key says otherwise; found by address, else by server, unless given; none takes no row (homeward providers)",
     .set = &put<&AccountConfig::provider, parse_name>},
    {.name = "proxy", .form = "socks5://… | http://… | none", .fallback = "none", .example = "",
     .help = "reach its servers through socks5://[user:password@]host[:1080] or, by CONNECT, http://[user:password@]host[:3128]; a password needs a file closed to others (chmod 0600)",
     .set = &put<&AccountConfig::proxy, parse_proxy>, .care = Care::secret, .holds_secret = proxy_holds_password},
    {.name = "tls_min", .form = "1.2 | 1.3", .fallback = "1.2", .example = "",
     .help = "oldest TLS version taken from the server",
     .set = &put<&AccountConfig::tls_min, choose<kTlsVersions>>},
    {.name = "tls_ca", .form = "file", .fallback = "", .example = "/etc/ssl/certs/ca-certificates.crt",
     .help = "certificates (PEM) to trust for this account, in place of the system's",
     .set = &put_file<&AccountConfig::tls_ca>},
    {.name = "tls_pin", .shape = Shape::list, .form = "SHA-256", .fallback = "",
     .example = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
     .help = "of the server's public key, in base64 or hex; any one of them is trusted in place of a CA (name and validity still hold; with tls_ca, both must)",
     .set = &put_list<&AccountConfig::tls_pins, parse_pin>},
    {.name = "tls_certificate", .form = "file", .fallback = "", .example = "/etc/homeward/home.pem",
     .help = "a certificate (PEM) to show the server, where it asks for one",
     .set = &put_file<&AccountConfig::tls_certificate>},
    {.name = "tls_key", .form = "file", .fallback = "", .example = "/etc/homeward/home.key",
     .help = "the key (PEM) of tls_certificate; unless given, it stands in that file too",
     .set = &put_file<&AccountConfig::tls_key>},
    {.name = "login", .form = "text", .fallback = "", .example = "ann@isp.example",
     .help = "the login name; unless given the address, or what is before its @ where the provider wants that",
     .set = &put<&AccountConfig::login, parse_identity>},
    {.name = "authorization", .form = "text", .fallback = "", .example = "office@isp.example",
     .help = "whom to act for after the login (SASL authorization identity); seldom needed",
     .set = &put<&AccountConfig::authorization, parse_identity>},
    {.name = "mechanisms", .shape = Shape::list, .form = "auto | none | SASL mechanisms", .fallback = "auto", .example = "",
     .help = "in the order to try; auto takes the strongest, none sends without a login (TLS stays)",
     .set = &put_mechanism},
    {.name = "password", .form = "text", .fallback = "", .example = "\"a ; may stand in quotes\"",
     .help = "the password itself; the file must then be closed to others (chmod 0600)",
     .set = &put_password, .care = Care::secret},
    {.name = "password_file", .form = "file", .fallback = "", .example = "/etc/homeward/home.password",
     .help = "a file whose first line is the password",
     .set = &put_password_file, .care = Care::verbatim},
    {.name = "password_command", .form = "command", .fallback = "",
     .example = "secret-tool lookup service homeward account home",
     .help = "a shell command that prints the password",
     .set = &put_password_command, .care = Care::verbatim},
    {.name = "password_credential", .form = "name", .fallback = "", .example = "home-password",
     .help = "a systemd credential (LoadCredential=) that holds the password",
     .set = &put_password_credential, .care = Care::verbatim},
    {.name = "senders", .shape = Shape::list, .form = "sender patterns", .fallback = "own", .example = "",
     .help = "senders that it serves: own (address and aliases), user@dom, *@dom, *@*.dom, *",
     .set = &put_rule_list<&mail::Account::senders, parse_sender>},
    {.name = "clients", .shape = Shape::list, .form = "networks | any", .fallback = "any", .example = "",
     .help = "clients that may use it",
     .set = &put_rule_list_or_any<&mail::Account::clients, parse_network>},
    {.name = "listeners", .shape = Shape::list, .form = "listener names | any", .fallback = "any", .example = "",
     .help = "listeners whose clients may use it",
     .set = &put_rule_list_or_any<&mail::Account::listeners, parse_name>},
    {.name = "users", .shape = Shape::list, .form = "logins | any", .fallback = "any", .example = "",
     .help = "who may use it, by the login at a listener, as written there (Ann is not ann)",
     .set = &put_rule_list_or_any<&mail::Account::users, parse_identity>},
    {.name = "local_users", .shape = Shape::list, .form = "Unix users | any", .fallback = "any", .example = "",
     .help = "users of this machine who may use it, by name or as #UID: the owner of a loopback client's socket; other machines may not",
     .set = &put_rule_list_or_any<&mail::Account::local_users, parse_local_user>},
    {.name = "rewrite_sender", .form = "always | unless-own | never", .fallback = "unless-own", .example = "",
     .help = "when the envelope's sender becomes the account's address; unless-own keeps its aliases",
     .set = &put_rule<&mail::Account::rewrite_sender, choose<kRewriteSender>>},
    {.name = "null_sender", .form = "auto | keep | rewrite", .fallback = "auto", .example = "",
     .help = "what becomes of the empty sender <> of bounces and receipts; auto rewrites it where the provider is known to refuse it",
     .set = &put_rule<&mail::Account::null_sender, choose<kNullSender>>},
    {.name = "rewrite_from", .form = "auto | never | unless-own | always", .fallback = "auto", .example = "",
     .help = "when the From field becomes the account's address (its name stays, Reply-To keeps the old one); auto: unless-own where the provider is known to ask for it, else never",
     .set = &put_rule<&mail::Account::rewrite_from, choose<kRewriteFrom>>},
    {.name = "add_sender_field", .form = "auto | yes | no", .fallback = "auto", .example = "",
     .help = "a Sender field that names the account where From names others; auto: where rewrite_from = never is written",
     .set = &put_rule<&mail::Account::add_sender_field, choose<kAddSenderField>>},
    {.name = "add_missing", .shape = Shape::list, .form = "date | message-id | from | none", .fallback = "date, message-id, from", .example = "",
     .help = "fields that a message gets where it has none; none adds nothing",
     .set = &put_add_missing},
    {.name = "hide_client", .form = "yes | no", .fallback = "yes", .example = "",
     .help = "no address or name of the client in Received",
     .set = &put_rule<&mail::Account::hide_client, parse_flag>},
    {.name = "delivery", .form = "auto | direct | spool", .fallback = "auto", .example = "",
     .help = "direct: relayed while the client waits; spool: stored, then sent; auto: direct, and the spool where the server gives no verdict in time",
     .set = &put<&AccountConfig::delivery, choose<kDeliveryModes>>},
    {.name = "pool_size", .form = "number", .fallback = "4", .example = "",
     .help = "connections to its server at most; the provider's limit where one is known",
     .set = &put<&AccountConfig::pool_size, few>},
    {.name = "pool_idle", .form = "duration | 0", .fallback = "30s", .example = "",
     .help = "how long a connection that nobody uses is kept for the next message; 0 keeps none",
     .set = &put<&AccountConfig::pool_idle, idle_time>},
    {.name = "max_message_size", .form = "size", .fallback = "", .example = "25M",
     .help = "largest message for this account, where its provider takes less; the provider's limit where one is known",
     .set = &put<&AccountConfig::max_message_size, content_size>},
    {.name = "rate", .form = "number/s | /m | /h | /d", .fallback = "", .example = "30/m",
     .help = "messages in that time at most; more wait in the spool; the provider's limit where one is known",
     .set = &put<&AccountConfig::rate, parse_rate>},
    {.name = "recipients_per_message", .form = "number", .fallback = "", .example = "100",
     .help = "of one message at most; more are told to come with another one (452); the provider's limit where one is known",
     .set = &put<&AccountConfig::recipients_per_message, many>},
    {.name = "connect_timeout", .form = "duration", .fallback = "10s", .example = "",
     .help = "for each server tried, until it greets",
     .set = &put<&AccountConfig::connect_timeout, wait>},
    {.name = "reply_timeout", .form = "duration", .fallback = "5m", .example = "",
     .help = "for each of the server's replies; twice that after the last dot",
     .set = &put<&AccountConfig::reply_timeout, wait>},
    {.name = "retry", .form = "duration", .fallback = "1m", .example = "",
     .help = "first wait of a message in the spool after a failed attempt; doubled each time",
     .set = &put<&AccountConfig::retry, retry_wait>},
    {.name = "retry_max", .form = "duration", .fallback = "30m", .example = "",
     .help = "longest wait between two attempts",
     .set = &put<&AccountConfig::retry_max, retry_wait>},
    {.name = "expire", .form = "duration", .fallback = "5d", .example = "",
     .help = "how long a message is tried before it is returned as undeliverable",
     .set = &put<&AccountConfig::expire, lifetime>},
    {.name = "bounce_to", .form = "mail address", .fallback = "", .example = "postmaster@isp.example",
     .help = "who gets the reports about what could not be delivered; the account's address unless given",
     .set = &put<&AccountConfig::bounce_to, parse_mailbox>},

    // [provider NAME]
    {.name = "title", .form = "text", .fallback = "", .example = "Example Internet",
     .help = "its name for people",
     .set = &put<&mail::Provider::title, parse_words>, .care = Care::verbatim},
    {.name = "domains", .shape = Shape::list, .form = "domains | *.domain", .fallback = "", .example = "mail.example",
     .help = "of its mailboxes: an address at one of them belongs to it; *.domain is all below",
     .set = &put_list<&mail::Provider::domains, parse_domain_pattern>},
    {.name = "servers", .shape = Shape::list, .form = "servers", .fallback = "", .example = "smtps://smtp.mail.example",
     .help = "its submission hosts in the order to try, as in server of an account",
     .set = &put_list<&mail::Provider::servers, parse_server>},
    {.name = "hosts", .shape = Shape::list, .form = "host names | *.domain", .fallback = "", .example = "relay.mail.example",
     .help = "further names of its servers: an account that names one belongs to it",
     .set = &put_list<&mail::Provider::hosts, parse_domain_pattern>},
    {.name = "login", .form = "address | local-part", .fallback = "address", .example = "",
     .help = "form of the login name: the whole address, or what is before its @",
     .set = &put<&mail::Provider::login, choose<kLoginForms>>},
    {.name = "credentials", .shape = Shape::list, .form = "password | app-password | oauth", .fallback = "", .example = "app-password, oauth",
     .help = "what it takes for a login, best first",
     .set = &put_list<&mail::Provider::credentials, choose<kCredentialKinds>>},
    {.name = "oauth", .form = "name", .fallback = "", .example = "microsoft",
     .help = "whose OAuth sign-in it is",
     .set = &put<&mail::Provider::oauth, parse_name>},
    {.name = "from_rule", .form = "own | alias | any", .fallback = "", .example = "alias",
     .help = "which senders it takes: the account's address, its aliases too, or any",
     .set = &put<&mail::Provider::from_rule, choose<kFromRules>>},
    {.name = "null_sender", .form = "yes | no", .fallback = "", .example = "no",
     .help = "whether it takes the empty sender <>",
     .set = &put<&mail::Provider::null_sender, parse_flag>},
    {.name = "connections", .form = "number", .fallback = "", .example = "3",
     .help = "at once at most: pool_size where an account gives none",
     .set = &put<&mail::Provider::connections, few>},
    {.name = "rate", .form = "number/s | /m | /h | /d", .fallback = "", .example = "30/m",
     .help = "messages in that time at most: rate where an account gives none",
     .set = &put<&mail::Provider::rate, parse_rate>},
    {.name = "recipients_per_day", .form = "number", .fallback = "", .example = "10000",
     .help = "at most, of one account; told, not held yet",
     .set = &put<&mail::Provider::recipients_per_day, many>},
    {.name = "recipients_per_message", .form = "number", .fallback = "", .example = "100",
     .help = "at most: recipients_per_message where an account gives none",
     .set = &put<&mail::Provider::recipients_per_message, many>},
    {.name = "max_message_size", .form = "size", .fallback = "", .example = "25M",
     .help = "largest message: max_message_size where an account gives none",
     .set = &put<&mail::Provider::max_message_size, content_size>},
    {.name = "quirks", .shape = Shape::list, .form = "login-only | no-ehlo-after-auth", .fallback = "", .example = "login-only",
     .help = "login-only: of what it offers only AUTH LOGIN works; no-ehlo-after-auth: it forgets the login at an EHLO",
     .set = &put_list<&mail::Provider::quirks, choose<kProviderQuirks>>},
    {.name = "help_url", .form = "web page", .fallback = "", .example = "https://help.mail.example/app-passwords",
     .help = "where to get an app password, or to switch sending by other programs on",
     .set = &put<&mail::Provider::help_url, parse_web_page>, .care = Care::verbatim},
    {.name = "hint", .form = "text", .fallback = "", .example = "Ask the help desk for the mail password.",
     .help = "one sentence for people",
     .set = &put<&mail::Provider::hint, parse_words>, .care = Care::verbatim},
    {.name = "source", .shape = Shape::list, .form = "web pages", .fallback = "", .example = "https://help.mail.example/settings",
     .help = "where these facts stand",
     .set = &put_list<&mail::Provider::sources, parse_web_page>},
    {.name = "checked", .form = "YYYY-MM-DD", .fallback = "", .example = "2026-11-24",
     .help = "the day they were looked at last",
     .set = &put<&mail::Provider::checked, parse_date>},
});
// clang-format on

// Keys and sections of the whole design that this version does not have: told apart from slips.
constexpr auto kLaterHomeward = std::to_array<std::string_view>({"http"});
constexpr auto kLaterListener = std::to_array<std::string_view>(
    {"tls", "certificate", "key", "auth", "auth_method", "plain_auth", "client_rate", "client_rate_burst"});
constexpr auto kLaterAccount =
    std::to_array<std::string_view>({"token_command", "oauth", "password_keyring", "tenant"});
constexpr auto kLaterSections = std::to_array<std::string_view>({"oauth"});

std::span<const std::string_view> later_keys(SectionKind section) {
  switch (section) {
    case SectionKind::homeward:
      return kLaterHomeward;
    case SectionKind::listener:
      return kLaterListener;
    case SectionKind::account:
      return kLaterAccount;
    case SectionKind::provider:
      return {};
  }
  return {};
}

std::string_view heading(SectionKind section) {
  switch (section) {
    case SectionKind::homeward:
      return "[homeward]";
    case SectionKind::listener:
      return "a [listener NAME]";
    case SectionKind::account:
      return "an [account NAME] or [defaults]";
    case SectionKind::provider:
      return "a [provider NAME]";
  }
  return {};
}

constexpr auto kSections = std::to_array<SectionKind>(
    {SectionKind::homeward, SectionKind::listener, SectionKind::account, SectionKind::provider});

std::vector<std::string_view> names_of(SectionKind section) {
  std::vector<std::string_view> names;
  for (const auto& key : kKeys)
    if (key.section() == section) names.push_back(key.name);
  return names;
}

}  // namespace

std::span<const Key> all_keys() {
  return kKeys;
}

const Key* find_key(SectionKind section, std::string_view name) {
  const auto key = std::ranges::find_if(
      kKeys, [&](const Key& row) { return row.section() == section && row.name == name; });
  return key == kKeys.end() ? nullptr : &*key;
}

std::string unknown_key_cure(SectionKind section, std::string_view name) {
  if (std::ranges::find(later_keys(section), name) != later_keys(section).end())
    return "this version does not have that key yet; leave it out";
  if (name.find_first_of(" \t") != std::string_view::npos) return "write key = value; no key holds a blank";
  for (const auto other : kSections)
    if (other != section && find_key(other, name) != nullptr)
      return fmt::format("that key belongs into {}", heading(other));
  const auto names = names_of(section);
  const auto near = text::nearest(name, names);
  if (!near.empty()) return fmt::format("did you mean {}?", near);
  return fmt::format("known keys here: {}", fmt::join(names, ", "));
}

bool is_later_section(std::string_view kind) {
  return std::ranges::find(kLaterSections, kind) != kLaterSections.end();
}

}  // namespace homeward::conf
