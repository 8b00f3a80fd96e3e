// The setters that need more than a member and a reader.
#include "conf/setters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "proxy/base/secret.hpp"
#include "proxy/base/text.hpp"
#include "proxy/smtp/quirks.hpp"

namespace homeward::conf {
namespace {

constexpr std::size_t kMaxIdentity = 255;

// What choose_mechanisms() can do; the library's further ones need other credentials.
constexpr auto kMechanisms = std::to_array<std::string_view>(
    {"SCRAM-SHA-512-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
     "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"});
constexpr auto kLaterMechanisms =
    std::to_array<std::string_view>({"XOAUTH2", "OAUTHBEARER", "EXTERNAL", "GSSAPI"});

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::expected<std::filesystem::path, Rejection> full_path(const Value& value) {
  if (value.text.starts_with('~'))
    return std::unexpected(
        Rejection{fmt::format("the path {} begins with ~, which is not expanded here", shown(value.text)),
                  "write the whole path, or one relative to this file's folder"});
  return (value.folder / value.text).lexically_normal();
}

}  // namespace

Rejection not_one_of(std::string_view text, std::span<const std::string_view> names) {
  const auto near = text::nearest(text, names);
  auto cure = fmt::format("write one of: {}", fmt::join(names, ", "));
  if (!near.empty()) cure = fmt::format("did you mean {}? {}", near, cure);
  return {fmt::format("{} is not known here", shown(text)), std::move(cure)};
}

Rejection must_stand_alone(std::string_view word) {
  return {fmt::format("{} stands beside other items", word),
          fmt::format("write {} alone, or leave it out", word)};
}

Parsed<mail::SenderPattern> parse_sender(std::string_view text) {
  if (auto pattern = mail::SenderPattern::parse(text)) return *std::move(pattern);
  return std::unexpected(Rejection{fmt::format("{} is not a sender pattern", shown(text)),
                                   "write own, user@isp.example, *@isp.example, *@*.isp.example or *"});
}

Parsed<smtp::Mailbox> parse_mailbox(std::string_view text) {
  auto mailbox = smtp::Mailbox::parse(text);
  if (mailbox) return *std::move(mailbox);
  return std::unexpected(Rejection{fmt::format("{} is not a mail address: {}", shown(text), mailbox.error()),
                                   "write the address alone, as in ann@isp.example"});
}

Parsed<mail::LocalUserRule> parse_local_user(std::string_view text) {
  if (auto rule = mail::LocalUserRule::parse(text)) return *std::move(rule);
  return std::unexpected(Rejection{fmt::format("{} is not a user of a Unix system", shown(text)),
                                   "write a user's name, or #UID for a number, as in #1000"});
}

Parsed<Network> parse_network(std::string_view text) {
  if (auto network = Network::parse(text)) return *network;
  const auto slash = text.find('/');
  const bool address_is_right =
      slash != std::string_view::npos && IpAddress::parse(text.substr(0, slash)).has_value();
  return std::unexpected(Rejection{
      fmt::format("{} is not a network", shown(text)),
      address_is_right ? "check the number behind / and that no bit is set beyond it, as in 192.168.1.0/24"
                       : "write ADDRESS/BITS or an address, as in 192.168.1.0/24, 10.0.0.7 or fd00::/8"});
}

Parsed<std::string> parse_identity(std::string_view text) {
  if (text.size() > kMaxIdentity)
    return std::unexpected(
        Rejection{"is longer than 255 bytes", "write the login name that the provider gave"});
  if (text::has_control(text) || !text::is_valid_utf8(text))
    return std::unexpected(Rejection{"holds bytes that are not UTF-8 text", "save the file as UTF-8"});
  return std::string(text);
}

Parsed<std::string> as_written(std::string_view text) {
  return std::string(text);
}

Outcome put_default_account(HomewardSection& section, const Value& value) {
  auto name = parse_name(value.text);
  if (!name) return std::move(name.error());
  section.default_account = *std::move(name);
  return std::nullopt;
}

Outcome put_path(std::filesystem::path& member, const Value& value) {
  auto path = full_path(value);
  if (!path) return std::move(path.error());
  member = *std::move(path);
  return std::nullopt;
}

// sqlite, sqlite:PATH; the scheme of what comes later is known, so that it is told apart from a slip.
Outcome put_spool(HomewardSection& section, const Value& value) {
  constexpr std::string_view kFile = "sqlite:";
  constexpr std::string_view kCure = "write sqlite, or sqlite:PATH for a file elsewhere";
  if (value.text == "sqlite") {
    section.config.spool_file.clear();
    return std::nullopt;
  }
  for (const std::string_view later : {"postgresql:", "postgres:"})
    if (text::starts_with_ignoring_case(value.text, later))
      return Rejection{"a spool in PostgreSQL is not in this version yet", std::string(kCure)};
  if (!value.text.starts_with(kFile))
    return Rejection{fmt::format("{} is no spool that is known", shown(value.text)), std::string(kCure)};
  const auto path = text::trim(value.text.substr(kFile.size()));
  if (path.empty() || path.ends_with('/'))
    return Rejection{fmt::format("{} names no file", shown(value.text)), std::string(kCure)};
  return put_path(section.config.spool_file, {.text = path, .folder = value.folder});
}

Outcome put_include(HomewardSection& section, const Value& value) {
  section.includes.emplace_back(value.text);
  return std::nullopt;
}

Outcome put_tolerate(Listener& listener, const Value& value) {
  if (value.position == 0) listener.tolerate = {};
  if (value.text == "none") return value.count == 1 ? Outcome{} : must_stand_alone("none");
  std::array<std::string_view, smtp::kQuirkNames.size()> names;
  std::ranges::transform(smtp::kQuirkNames, names.begin(), &smtp::QuirkName::name);
  const auto found = std::ranges::find(smtp::kQuirkNames, value.text, &smtp::QuirkName::name);
  if (found == smtp::kQuirkNames.end()) return not_one_of(value.text, names);
  listener.tolerate.add(found->quirk);
  return std::nullopt;
}

Outcome put_add_missing(AccountConfig& account, const Value& value) {
  constexpr auto kFields = std::to_array<std::pair<std::string_view, bool mail::AddMissing::*>>(
      {{"date", &mail::AddMissing::date},
       {"message-id", &mail::AddMissing::message_id},
       {"from", &mail::AddMissing::from}});
  auto& fields = account.rules.add_missing;
  if (value.position == 0) fields = {.date = false, .message_id = false, .from = false};
  if (value.text == "none") return value.count == 1 ? Outcome{} : must_stand_alone("none");
  std::array<std::string_view, kFields.size() + 1> names{"none"};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    names[i + 1] = kFields[i].first;
    if (kFields[i].first != value.text) continue;
    fields.*kFields[i].second = true;
    return std::nullopt;
  }
  return not_one_of(value.text, names);
}

// Config's form: auto is the empty list, none is {"NONE"}.
Outcome put_mechanism(AccountConfig& account, const Value& value) {
  if (value.position == 0) account.mechanisms.clear();
  if (value.text == "auto") return value.count == 1 ? Outcome{} : must_stand_alone("auto");
  auto name = text::to_upper(value.text);
  if (name == "NONE") {
    if (value.count != 1) return must_stand_alone("none");
  } else if (is_one_of(name, kLaterMechanisms)) {
    return Rejection{fmt::format("this version can't do {} yet", name), "leave it out"};
  } else if (!is_one_of(name, kMechanisms)) {
    return not_one_of(value.text, kMechanisms);
  }
  account.mechanisms.push_back(std::move(name));
  return std::nullopt;
}

Outcome put_password(AccountConfig& account, const Value& value) {
  account.password = PasswordInline{std::make_shared<const Secret>(std::string(value.text))};
  return std::nullopt;
}

Outcome put_password_file(AccountConfig& account, const Value& value) {
  auto path = full_path(value);
  if (!path) return std::move(path.error());
  account.password = PasswordFile{*std::move(path)};
  return std::nullopt;
}

Outcome put_password_command(AccountConfig& account, const Value& value) {
  account.password = PasswordCommand{std::string(value.text)};
  return std::nullopt;
}

// systemd.exec(5), CREDENTIALS: a file name; ours are stricter.
Outcome put_password_credential(AccountConfig& account, const Value& value) {
  auto name = parse_name(value.text);
  if (!name) return std::move(name.error());
  account.password = PasswordCredential{*std::move(name)};
  return std::nullopt;
}

}  // namespace homeward::conf
