// Fuzz target: a message on its way through HeaderRewriter. What goes in and what comes out are compared by a
// second, plainer reader of headers. RFC 5322 §2.2, §3.6; product.md 4.
#include <algorithm>
#include <string>
#include <vector>

#include "proxy/base/text.hpp"
#include "proxy/mail/from_field.hpp"
#include "proxy/mail/header_rewriter.hpp"
#include "tests/fuzz/targets.hpp"

namespace homeward::fuzz {

namespace {

struct Field {
  std::string name;  // lower case
  std::string text;  // with name and last line end
};

struct Message {
  std::vector<Field> fields;
  std::string body;  // behind the empty line, or what ended the header
};

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const auto line = rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
  rest.remove_prefix(line.size());
  return line;
}

/// Lower case; "" where the line is no field.
std::string field_name(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  const auto name = line.substr(0, line.substr(0, colon).find_last_not_of(" \t") + 1);
  const bool is_name = std::ranges::all_of(name, [](char c) { return c > 32 && c < 127; });
  return is_name && name.size() <= mail::kMaxFieldName && colon < 1900 ? text::to_lower(name) : std::string();
}

bool is_mbox_line(std::string_view line) {
  return line.substr(std::min(line.find_first_not_of('>'), line.size())).starts_with("From ");
}

Message split(std::string_view content) {
  Message message;
  auto rest = content;
  if (const auto line = take_line(rest); !is_mbox_line(line) || !field_name(line).empty()) rest = content;
  while (!rest.empty()) {
    const auto here = rest;
    const auto line = take_line(rest);
    if ((line.front() == ' ' || line.front() == '\t') && !message.fields.empty()) {
      message.fields.back().text += line;
    } else if (const auto name = field_name(line); !name.empty()) {
      message.fields.push_back({name, std::string(line)});
    } else {
      message.body = line == "\r\n" || line == "\n" ? rest : here;
      return message;
    }
  }
  return message;
}

bool is_ours(std::string_view name) {
  return name == "from" || name == "sender" || name == "bcc" || name == "resent-bcc" || name == "reply-to" ||
         name == "date" || name == "message-id";
}

std::string others(const Message& message) {
  std::string text;
  for (const auto& field : message.fields)
    if (!is_ours(field.name)) text += field.text;
  return text;
}

std::size_t count(const Message& message, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count(message.fields, name, &Field::name));
}

std::string run(const mail::HeaderOrder& order, std::string_view content, std::size_t piece) {
  mail::HeaderRewriter rewriter(order);
  std::string out;
  while (!content.empty()) {
    const auto part = content.substr(0, piece);
    const auto before = out.size();
    const bool was_done = rewriter.is_done();
    rewriter.feed(part, out);
    promise(!was_done || std::string_view(out).substr(before) == part, "a body passes as it is");
    content.remove_prefix(part.size());
  }
  rewriter.finish(out);
  promise(rewriter.is_done(), "an end is an end");
  for (const auto& words : mail::words_of(rewriter.notes()))
    promise(!words.empty() && !text::has_control(words), "notes are printable");
  return out;
}

mail::HeaderOrder order_of(unsigned choice) {
  using mail::RewriteFrom;
  constexpr RewriteFrom kRules[] = {RewriteFrom::never, RewriteFrom::unless_own, RewriteFrom::always,
                                    RewriteFrom::automatic};
  mail::HeaderOrder order;
  order.own = *smtp::Mailbox::parse("own@isp.example");
  order.owned = {order.own, *smtp::Mailbox::parse("alias@isp.example")};
  order.rewrite_from = kRules[choice & 3U];
  order.add_sender_field = (choice & 4U) != 0;
  order.add_from = order.add_date = order.add_message_id = (choice & 8U) != 0;
  order.date = "Tue, 24 Nov 2026 17:00:00 +0000";
  order.message_id = "<id@isp.example>";
  return order;
}

void check_from(const mail::HeaderOrder& order, const Message& after) {
  promise(count(after, "from") == 1, "there is one From");
  const auto& text = std::ranges::find(after.fields, std::string("from"), &Field::name)->text;
  const auto from =
      mail::read_from(std::string_view(text).substr(text.find(':') + 1), order.own, order.owned);
  promise(from.authors == mail::Authors::own ||
              (from.authors == mail::Authors::owned && order.rewrite_from == mail::RewriteFrom::unless_own),
          "and it is the account's");
}

}  // namespace

void fuzz_header(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<unsigned char>(input.front());
  const auto content = input.substr(1);
  const auto order = order_of(choice);
  const auto out = run(order, content, content.size() + 1);
  promise(out == run(order, content, 1) && out == run(order, content, (choice >> 4U) + 2U),
          "it is the same however it is cut");
  const auto before = split(content);
  const auto after = split(out);
  promise(before.body == after.body, "the body stays");
  // The last field may have got the line end that it lacked.
  const auto kept = others(before);
  const auto left = others(after);
  promise(left == kept || left == kept + "\r\n", "other fields stay");
  promise(count(after, "bcc") + count(after, "resent-bcc") == 0, "Bcc is gone");
  const bool rewrites =
      order.rewrite_from == mail::RewriteFrom::always || order.rewrite_from == mail::RewriteFrom::unless_own;
  if (rewrites) check_from(order, after);
  if (order.add_date)
    promise(count(after, "from") > 0 && count(after, "date") > 0 && count(after, "message-id") > 0,
            "nothing is missing");
  promise(run(order, out, out.size() + 1) == out, "once is enough");
}

}  // namespace homeward::fuzz
