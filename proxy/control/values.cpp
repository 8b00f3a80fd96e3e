#include "proxy/control/values.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/value.hpp>

#include "proxy/base/text.hpp"

namespace homeward::control {
namespace {

namespace json = boost::json;
using std::chrono::system_clock;

std::string utf8(std::string_view text) {
  return text::is_valid_utf8(text) ? std::string(text) : text::printable(text, text.size());
}

json::value time_value(const std::optional<system_clock::time_point>& time) {
  return time ? json::value(time_text(*time)) : json::value(nullptr);
}

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(utf8(text));
}

std::string address_of(const smtp::ForwardPath& path) {
  return utf8(path.mailbox ? path.mailbox->to_string() : path.unqualified);
}

json::value reply_value(const std::optional<smtp::Reply>& reply) {
  if (!reply) return nullptr;
  return json::object{{"code", reply->code},
                      {"enhanced", reply->enhanced ? json::value(to_string(*reply->enhanced)) : nullptr},
                      {"text", utf8(reply->text())}};
}

std::string_view status_text(spool::Recipient::Status status) {
  switch (status) {
    case spool::Recipient::Status::waiting:
      return "waiting";
    case spool::Recipient::Status::delivered:
      return "delivered";
    case spool::Recipient::Status::refused:
      return "refused";
  }
  return "waiting";
}

json::object to_json(const spool::Recipient& recipient) {
  return {{"address", address_of(recipient.to.path)},
          {"status", status_text(recipient.status)},
          {"reply", reply_value(recipient.last)}};
}

/// When the next attempt is due by the wall. The schedule is kept in witnessed time.
json::value next_attempt(const spool::Entry& entry, const spool::Moment& now) {
  if (!entry.is_waiting()) return nullptr;
  const auto wait = std::max(entry.next - now.witnessed, std::chrono::milliseconds{0});
  return json::value(time_text(now.wall + wait));
}

}  // namespace

std::string time_text(system_clock::time_point time) {
  return fmt::format("{:%FT%T}Z", fmt::gmtime(system_clock::to_time_t(time)));
}

json::object to_json(const spool::Entry& entry, const spool::Moment& now, Detail detail) {
  json::array recipients;
  for (const auto& recipient : entry.recipients) {
    if (detail == Detail::brief && recipients.size() == kBriefRecipients) break;
    recipients.push_back(to_json(recipient));
  }
  return {
      {"id", utf8(entry.id)},
      {"kind", to_string(entry.kind)},
      {"about", text_or_null(entry.about)},
      {"account", utf8(entry.account)},
      {"state", to_string(entry.state)},
      {"from", entry.from.mailbox ? utf8(entry.from.mailbox->to_string()) : std::string{}},
      {"recipients", std::move(recipients)},
      {"recipient_count", entry.recipients.size()},
      {"octets", entry.octets},
      {"received", time_text(entry.received.wall)},
      {"attempts", entry.attempts},
      {"last_attempt", entry.last_attempt ? json::value(time_text(entry.last_attempt->wall)) : nullptr},
      {"next_attempt", next_attempt(entry, now)},
      {"last_word", text_or_null(entry.last_word)},
      {"possible_copy", entry.possible_copy},
      {"held_by_person", entry.held_by_person},
      {"client", entry.kind == spool::Kind::message ? json::value(entry.origin.client.to_string()) : nullptr},
      {"client_name", text_or_null(entry.origin.client_name)},
      {"listener", text_or_null(entry.origin.listener)},
      {"user", text_or_null(entry.origin.user.value_or(""))},
      {"local_user", text_or_null(entry.origin.local_user ? entry.origin.local_user->to_string() : "")}};
}

json::object to_json(const spool::SpoolFacts& facts) {
  return {{"waiting", facts.waiting},
          {"held", facts.held},
          {"failed", facts.failed},
          {"set_aside", facts.set_aside},
          {"octets", facts.octets}};
}

json::object to_json(const delivery::AccountStatus& account) {
  json::array learned;
  for (const auto& words : account.learned) learned.emplace_back(utf8(words));
  return {{"name", utf8(account.name)},
          {"address", utf8(account.address)},
          {"state", to_string(account.state)},
          {"waiting", account.waiting},
          {"sending", account.sending},
          {"last_error", text_or_null(account.last_error)},
          {"last_error_at", time_value(account.last_error_at)},
          {"last_success", time_value(account.last_success)},
          {"next_attempt", time_value(account.next_attempt)},
          {"learned", std::move(learned)}};
}

json::array to_json(const std::vector<spool::TraceLine>& lines) {
  json::array array;
  for (const auto& line : lines)
    array.push_back(
        json::object{{"when", time_text(line.when)}, {"event", utf8(line.event)}, {"text", utf8(line.text)}});
  return array;
}

json::array to_json(const std::vector<delivery::AccountStatus>& accounts) {
  json::array array;
  for (const auto& account : accounts) array.push_back(to_json(account));
  return array;
}

json::array to_json(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.push_back(json::value(utf8(text)));
  return array;
}

}  // namespace homeward::control
