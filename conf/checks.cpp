// Checks across keys and sections. Each adds its findings at the line of the key that has to change.
#include "conf/checks.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>

#include "proxy/base/text.hpp"
#include "proxy/mail/route.hpp"

namespace homeward::conf {
namespace {

constexpr auto kPasswordKeys =
    std::to_array<std::string_view>({"password", "password_file", "password_command", "password_credential"});
constexpr std::size_t kMostPemLines = 10'000;  // a chain of many; what is longer is no such file
constexpr std::string_view kOnePassword =
    "give one of password, password_file, password_command, password_credential";

std::string to_text(const ListenAddress& address) {
  if (const auto* passed = std::get_if<PassedSocket>(&address))
    return fmt::format("systemd:{}", passed->name);
  return std::get<SocketAddress>(address).to_string();
}

const SocketAddress* beyond_loopback(const Listener& listener) {
  for (const auto& address : listener.addresses)
    if (const auto* socket = std::get_if<SocketAddress>(&address);
        socket != nullptr && !socket->address.is_loopback())
      return socket;
  return nullptr;
}

// No network of one's own is wider than 10.0.0.0/8 or fc00::/7 (RFC 1918, RFC 4193); two halves of the
// internet are as open as the whole.
std::string_view share_of_internet(const Network& network) {
  if (network.is_everything()) return "the whole";
  const auto text = network.to_string();
  const auto slash = text.find('/');
  if (slash == std::string::npos) return {};
  const auto widest = text.find(':') == std::string::npos ? 8U : 7U;
  const auto bits = parse_count(std::string_view(text).substr(slash + 1), 0, 128);
  return bits && *bits < widest ? "a large part of the" : "";
}

void check_open_relay(const ListenerDraft& draft, Findings& findings) {
  const auto& [section, listener] = draft;
  if (section.find("allow") == nullptr) {
    if (const auto* open = beyond_loopback(listener))
      findings.add(
          section, "address",
          {fmt::format(
               "{} can be reached from other machines, and allow doesn't say which may send through it",
               open->to_string()),
           "name the networks of your clients (allow = 192.168.1.0/24), or listen on 127.0.0.1"});
    return;
  }
  for (const auto& network : listener.allow)
    if (const auto part = share_of_internet(network); !part.empty())
      findings.add(section, "allow",
                   {fmt::format("{} lets {} internet send mail with your accounts (an open relay)",
                                network.to_string(), part),
                    "name the networks of your clients, as in allow = 192.168.1.0/24"});
}

void check_references(const AccountDraft& draft, const std::vector<ListenerDraft>& listeners,
                      Findings& findings, const Section* defaults) {
  std::vector<std::string_view> names;
  for (const auto& other : listeners) names.push_back(other.listener.name);
  if (names.empty()) names.push_back(kDefaultListener);
  for (const auto& wanted : draft.account.rules.listeners) {
    if (std::ranges::find(names, wanted) != names.end()) continue;
    const bool own = draft.section.find("listeners") != nullptr || defaults == nullptr;
    const auto near = text::nearest(wanted, names);
    findings.add(
        own ? draft.section : *defaults, "listeners",
        {fmt::format("there is no listener {}", wanted),
         near.empty() ? fmt::format("add [listener {}], or name one of: {}", wanted, fmt::join(names, ", "))
                      : fmt::format("did you mean {}?", near)});
  }
}

void check_required(const AccountDraft& draft, const Section* defaults, Findings& findings) {
  for (const auto& key : all_keys()) {
    if (key.section() != SectionKind::account || key.need != Need::required) continue;
    const bool given = draft.section.find(key.name) != nullptr;
    const bool given_for_all = defaults != nullptr && defaults->find(key.name) != nullptr;
    if (given || given_for_all) continue;
    findings.add(draft.section, key.name, {"is missing", fmt::format("add {} = {}", key.name, key.example)});
  }
}

bool has_password_key(const Section* section) {
  return section != nullptr && std::ranges::any_of(kPasswordKeys, [&](std::string_view key) {
           return section->find(key) != nullptr;
         });
}

void check_password_given(const AccountDraft& draft, const Section* defaults, Findings& findings) {
  if (!draft.account.wants_login() || has_password_key(&draft.section) || has_password_key(defaults)) return;
  findings.add(draft.section, "",
               {"has no password",
                fmt::format("{}; or mechanisms = none where the provider asks for no login", kOnePassword)});
}

using MaybeFile = std::optional<std::filesystem::path>;

// Where the key of an account stands: its own section, or [defaults].
const Section& place_of(std::string_view key, const AccountDraft& draft, const Section* defaults) {
  return draft.section.find(key) != nullptr || defaults == nullptr ? draft.section : *defaults;
}

// True where the file is named and can be read; told where it is named and can't.
bool check_file(std::string_view key, const MaybeFile& path, const AccountDraft& draft,
                const Section* defaults, Findings& findings) {
  if (!path) return false;
  std::error_code code;
  if (std::filesystem::is_regular_file(*path, code) && ::access(path->c_str(), R_OK) == 0) return true;
  findings.add(place_of(key, draft, defaults), key,
               {fmt::format("{} is not a file that can be read", shown(path->string())),
                "name a PEM file that this user may read"});
  return false;
}

// A PEM file of any kind of private key (RFC 7468 §10, §11, and the older forms): by its label alone.
bool holds_private_key(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::size_t lines = 0;
  for (std::string line; lines < kMostPemLines && std::getline(file, line); ++lines)
    if (line.starts_with("-----BEGIN ") && line.find("PRIVATE KEY-----") != std::string::npos) return true;
  return false;
}

// The file that a private key is taken from: no other user may read it.
void check_key_file(std::string_view key, const std::filesystem::path& path, const AccountDraft& draft,
                    const Section* defaults, Findings& findings) {
  const auto& place = place_of(key, draft, defaults);
  std::error_code code;
  const auto mode = std::filesystem::status(path, code).permissions();
  if (!holds_private_key(path))
    findings.add(place, key,
                 {fmt::format("{} holds no private key", shown(path.string())),
                  key == "tls_key" ? "name the PEM file of the certificate's key"
                                   : "name the key's file by tls_key, or put the key into this one"});
  else if (!code && (mode & std::filesystem::perms::others_read) != std::filesystem::perms::none)
    findings.add(
        place, key,
        {fmt::format("{} is a private key that every user of this machine can read", shown(path.string())),
         fmt::format("chmod o-r {}", path.string())});
}

void check_tls_files(const AccountDraft& draft, const Section* defaults, Findings& findings) {
  const auto& account = draft.account;
  check_file("tls_ca", account.tls_ca, draft, defaults, findings);
  const bool certificate = check_file("tls_certificate", account.tls_certificate, draft, defaults, findings);
  const bool key = check_file("tls_key", account.tls_key, draft, defaults, findings);
  if (key) check_key_file("tls_key", *account.tls_key, draft, defaults, findings);
  if (certificate && !account.tls_key)
    check_key_file("tls_certificate", *account.tls_certificate, draft, defaults, findings);
  if (account.tls_key && !account.tls_certificate)
    findings.add(place_of("tls_key", draft, defaults), "tls_key",
                 {"stands without the certificate that it belongs to", "name that one by tls_certificate"});
}

// The three waits of the spool, shortest first. Told where one of them is given: at the later one of the
// file.
void check_schedule(const AccountDraft& draft, const Section* defaults, Findings& findings) {
  const auto& account = draft.account;
  struct Wait {
    std::string_view key;
    std::chrono::milliseconds value;
  };
  const auto waits = std::to_array<Wait>(
      {{"retry", account.retry}, {"retry_max", account.retry_max}, {"expire", account.expire}});
  for (std::size_t i = 1; i < waits.size(); ++i) {
    const auto& [shorter, shorter_value] = waits[i - 1];
    const auto& [longer, longer_value] = waits[i];
    if (shorter_value <= longer_value) continue;
    const bool at_longer =
        draft.section.find(longer) != nullptr ||
        (draft.section.find(shorter) == nullptr && defaults != nullptr && defaults->find(longer) != nullptr);
    const auto key = at_longer ? longer : shorter;
    const bool own = draft.section.find(key) != nullptr || defaults == nullptr;
    findings.add(own ? draft.section : *defaults, key,
                 {fmt::format("{} = {} is longer than {} = {}", shorter, duration_text(shorter_value), longer,
                              duration_text(longer_value)),
                  fmt::format("shorten {} or lengthen {}", shorter, longer)});
  }
}

}  // namespace

void check_listeners(const std::vector<ListenerDraft>& drafts, Findings& findings) {
  std::map<std::string, const Section*> taken;
  for (const auto& draft : drafts) {
    check_open_relay(draft, findings);
    for (const auto& address : draft.listener.addresses) {
      const auto [place, is_new] = taken.emplace(to_text(address), &draft.section);
      if (!is_new)
        findings.add(draft.section, "address",
                     {fmt::format("{} is taken twice (first by {})", place->first, place->second->title()),
                      "keep one"});
    }
  }
}

void check_password_keys(const Section& section, Findings& findings) {
  const IniEntry* first = nullptr;
  for (const auto& entry : section.body->entries) {
    if (std::ranges::find(kPasswordKeys, entry.name) == kPasswordKeys.end()) continue;
    if (first == nullptr) first = &entry;
    if (entry.name != first->name)
      findings.add(
          section, entry.line, entry.name,
          {fmt::format("stands beside {} (line {})", first->name, first->line), std::string(kOnePassword)});
  }
}

void check_accounts(const std::vector<AccountDraft>& drafts, const Section* defaults,
                    const std::vector<ListenerDraft>& listeners, Findings& findings) {
  for (const auto& draft : drafts) {
    check_required(draft, defaults, findings);
    check_password_keys(draft.section, findings);
    check_password_given(draft, defaults, findings);
    check_references(draft, listeners, findings, defaults);
    check_tls_files(draft, defaults, findings);
    check_schedule(draft, defaults, findings);
  }
}

void check_conflicts(const std::vector<AccountDraft>& drafts, Findings& findings) {
  std::vector<const AccountDraft*> whole;
  std::vector<mail::Account> rules;
  for (const auto& draft : drafts) {
    if (draft.account.rules.address == smtp::Mailbox{}) continue;  // missing or wrong, and told
    whole.push_back(&draft);
    rules.push_back(draft.account.rules);
  }
  for (const auto& [first, second, claim] : mail::find_conflicts(rules)) {
    const auto& other = whole[first]->section;
    findings.add(
        whole[second]->section, "senders",
        {fmt::format("claims {}, as {} does ({}:{})", claim, other.title(), *other.file, other.body->line),
         "tell the two apart by senders, clients, listeners, users or local_users"});
  }
}

}  // namespace homeward::conf
