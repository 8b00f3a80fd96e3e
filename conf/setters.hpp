// How values get into the members of a section: the building blocks of the rows in schema.cpp, which is
// the one file that includes this. A reader takes text and answers Parsed<T>; a setter puts T in its place.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "conf/schema.hpp"
#include "conf/values.hpp"
#include "proxy/base/log.hpp"
#include "proxy/mail/account.hpp"

namespace homeward::conf {

template <class T>
using Choice = std::pair<std::string_view, T>;

inline constexpr std::array<Choice<log::Level>, 4> kLogLevels{{{"debug", log::Level::debug},
                                                               {"info", log::Level::info},
                                                               {"warning", log::Level::warning},
                                                               {"error", log::Level::error}}};
inline constexpr std::array<Choice<log::Format>, 4> kLogFormats{{{"auto", log::Format::automatic},
                                                                 {"text", log::Format::text},
                                                                 {"json", log::Format::json},
                                                                 {"journal", log::Format::journal}}};
inline constexpr std::array<Choice<TlsVersion>, 2> kTlsVersions{
    {{"1.2", TlsVersion::tls_1_2}, {"1.3", TlsVersion::tls_1_3}}};
inline constexpr std::array<Choice<mail::RewriteSender>, 3> kRewriteSender{
    {{"always", mail::RewriteSender::always},
     {"unless-own", mail::RewriteSender::unless_own},
     {"never", mail::RewriteSender::never}}};
inline constexpr std::array<Choice<mail::NullSender>, 3> kNullSender{
    {{"auto", mail::NullSender::automatic},
     {"keep", mail::NullSender::keep},
     {"rewrite", mail::NullSender::rewrite}}};
inline constexpr std::array<Choice<mail::RewriteFrom>, 4> kRewriteFrom{
    {{"auto", mail::RewriteFrom::automatic},
     {"never", mail::RewriteFrom::never},
     {"unless-own", mail::RewriteFrom::unless_own},
     {"always", mail::RewriteFrom::always}}};
inline constexpr std::array<Choice<mail::AddSenderField>, 3> kAddSenderField{
    {{"auto", mail::AddSenderField::automatic},
     {"yes", mail::AddSenderField::yes},
     {"no", mail::AddSenderField::no}}};
inline constexpr std::array<Choice<DeliveryMode>, 3> kDeliveryModes{
    {{"auto", DeliveryMode::automatic}, {"direct", DeliveryMode::direct}, {"spool", DeliveryMode::spool}}};

Rejection not_one_of(std::string_view text, std::span<const std::string_view> names);

/// Reads one of the words of a table.
template <const auto& Choices>
auto choose(std::string_view text) {
  using T = std::remove_cvref_t<decltype(Choices.front().second)>;
  std::array<std::string_view, Choices.size()> names;
  for (std::size_t i = 0; i < Choices.size(); ++i) {
    if (Choices[i].first == text) return Parsed<T>(Choices[i].second);
    names[i] = Choices[i].first;
  }
  return Parsed<T>(std::unexpected(not_one_of(text, names)));
}

Parsed<mail::SenderPattern> parse_sender(std::string_view text);
Parsed<smtp::Mailbox> parse_mailbox(std::string_view text);
Parsed<Network> parse_network(std::string_view text);
/// A user of this machine: NAME, or #UID.
Parsed<mail::LocalUserRule> parse_local_user(std::string_view text);
/// A command for /bin/sh -c, as it stands.
Parsed<std::string> as_written(std::string_view text);
/// A SASL identity: UTF-8 without controls, at most 255 octets.
Parsed<std::string> parse_identity(std::string_view text);

template <class T>
struct OwnerOf;
template <class Owner, class Member>
struct OwnerOf<Member Owner::*> {
  using type = Owner;
};

template <auto Read, class Member>
Outcome put_into(Member& member, const Value& value) {
  auto parsed = Read(value.text);
  if (!parsed) return std::move(parsed.error());
  member = *std::move(parsed);
  return std::nullopt;
}

// The first item of a list replaces what [defaults] or the default gave.
template <auto Read, class List>
Outcome add_to(List& list, const Value& value) {
  if (value.position == 0) list.clear();
  auto parsed = Read(value.text);
  if (!parsed) return std::move(parsed.error());
  list.push_back(*std::move(parsed));
  return std::nullopt;
}

template <auto Member, auto Read, class Target = typename OwnerOf<decltype(Member)>::type>
Outcome put(Target& target, const Value& value) {
  return put_into<Read>(target.*Member, value);
}

template <auto Member, auto Read, class Target = typename OwnerOf<decltype(Member)>::type>
Outcome put_list(Target& target, const Value& value) {
  return add_to<Read>(target.*Member, value);
}

template <auto Member, auto Read>
Outcome put_general(HomewardSection& section, const Value& value) {
  return put_into<Read>(section.config.*Member, value);
}

template <auto Member, auto Read>
Outcome put_general_list(HomewardSection& section, const Value& value) {
  return add_to<Read>(section.config.*Member, value);
}

template <auto Member, auto Read>
Outcome put_rule(AccountConfig& account, const Value& value) {
  return put_into<Read>(account.rules.*Member, value);
}

template <auto Member, auto Read>
Outcome put_rule_list(AccountConfig& account, const Value& value) {
  return add_to<Read>(account.rules.*Member, value);
}

Rejection must_stand_alone(std::string_view word);

// `any` alone is the empty list.
template <auto Member, auto Read>
Outcome put_rule_list_or_any(AccountConfig& account, const Value& value) {
  if (value.text != "any") return put_rule_list<Member, Read>(account, value);
  (account.rules.*Member).clear();
  return value.count == 1 ? Outcome{} : must_stand_alone("any");
}

Outcome put_default_account(HomewardSection& section, const Value& value);
/// A path: relative ones begin in the file's folder.
Outcome put_path(std::filesystem::path& member, const Value& value);

template <auto Member>
Outcome put_general_path(HomewardSection& section, const Value& value) {
  return put_path(section.config.*Member, value);
}

/// A file that an account may name.
template <auto Member>
Outcome put_file(AccountConfig& account, const Value& value) {
  return put_path((account.*Member).emplace(), value);
}

Outcome put_spool(HomewardSection& section, const Value& value);
Outcome put_include(HomewardSection& section, const Value& value);
Outcome put_tolerate(Listener& listener, const Value& value);
Outcome put_add_missing(AccountConfig& account, const Value& value);
Outcome put_mechanism(AccountConfig& account, const Value& value);
Outcome put_password(AccountConfig& account, const Value& value);
Outcome put_password_file(AccountConfig& account, const Value& value);
Outcome put_password_command(AccountConfig& account, const Value& value);
Outcome put_password_credential(AccountConfig& account, const Value& value);

}  // namespace homeward::conf
