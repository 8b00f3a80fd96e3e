#include "proxy/app/message_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "proxy/app/json_view.hpp"

namespace homeward::app {
namespace {

namespace json = boost::json;
using std::chrono::system_clock;

std::string until(system_clock::time_point then, system_clock::time_point now) {
  if (then <= now) return "now";
  return "in " + duration_text(std::chrono::duration_cast<std::chrono::seconds>(then - now));
}

std::string age(const json::value& message, system_clock::time_point now) {
  const auto received = view::time(message, "received");
  if (!received) return "-";
  return duration_text(
      std::chrono::duration_cast<std::chrono::seconds>(std::max(now - *received, system_clock::duration{0})));
}

std::string sender(const json::value& message) {
  const auto from = view::text(message, "from");
  return from.empty() ? "<>" : from;
}

std::string receivers(const json::value& message) {
  const auto& recipients = view::list(message, "recipients");
  if (recipients.empty()) return "-";
  auto text = view::text(recipients.front(), "address");
  const auto count = view::number(message, "recipient_count");
  return count > 1 ? fmt::format("{} (+{})", text, count - 1) : text;
}

std::string reply_text(const json::value& reply) {
  if (!reply.is_object()) return {};
  const auto enhanced = view::text(reply, "enhanced");
  return fmt::format(": {}{}{} {}", view::number(reply, "code"), enhanced.empty() ? "" : " ", enhanced,
                     view::text(reply, "text"));
}

void add_fact(std::string& text, std::string_view name, std::string_view value) {
  if (!value.empty()) text += fmt::format("{:<13}{}\n", name, value);
}

std::string time_fact(const json::value& message, std::string_view name) {
  const auto time = view::time(message, name);
  return time ? local_time_text(*time) : std::string{};
}

}  // namespace

Table make_queue_table() {
  return Table({"ID", "STATE", "AGE", "SIZE", "ACCOUNT", "FROM", "TO", "NEXT"});
}

void add_message(Table& table, const json::value& message, system_clock::time_point now) {
  const auto next = view::time(message, "next_attempt");
  table.add({view::text(message, "id"), view::text(message, "state"), age(message, now),
             size_text(view::number(message, "octets")), view::text(message, "account"), sender(message),
             receivers(message), next ? until(*next, now) : "-"});
  if (const auto word = view::text(message, "last_word"); !word.empty()) table.add_note(word);
}

std::string describe_message(const json::value& message, system_clock::time_point now) {
  std::string text;
  add_fact(text, "id", view::text(message, "id"));
  if (const auto kind = view::text(message, "kind"); kind != "message")
    add_fact(text, "kind", fmt::format("{} about {}", kind, view::text(message, "about")));
  add_fact(text, "state", view::text(message, "state"));
  add_fact(text, "why", view::text(message, "last_word"));
  if (view::flag(message, "possible_copy"))
    add_fact(text, "careful",
             "an answer was lost: somebody may have got it already, another try may be a copy");
  add_fact(text, "account", view::text(message, "account"));
  add_fact(text, "from", sender(message));
  add_fact(text, "size", size_text(view::number(message, "octets")));
  add_fact(text, "received", fmt::format("{} ({} ago)", time_fact(message, "received"), age(message, now)));
  add_fact(text, "client",
           fmt::format("{} {}", view::text(message, "client"), view::text(message, "client_name")));
  add_fact(text, "login", view::text(message, "user"));
  add_fact(text, "local user", view::text(message, "local_user"));
  add_fact(text, "attempts", std::to_string(view::number(message, "attempts")));
  add_fact(text, "last attempt", time_fact(message, "last_attempt"));
  if (const auto next = view::time(message, "next_attempt"))
    add_fact(text, "next attempt", fmt::format("{} ({})", local_time_text(*next), until(*next, now)));
  for (const auto& recipient : view::list(message, "recipients"))
    add_fact(text, "to",
             fmt::format("{}: {}{}", view::text(recipient, "address"), view::text(recipient, "status"),
                         reply_text(view::member(recipient, "reply"))));
  return text;
}

std::string describe_trace(const json::array& lines) {
  if (lines.empty()) return "Nothing has been noted yet.\n";
  Table table({"WHEN", "EVENT", "WHAT"});
  for (const auto& line : lines)
    table.add({time_fact(line, "when"), view::text(line, "event"), view::text(line, "text")});
  return table.to_string();
}

}  // namespace homeward::app
