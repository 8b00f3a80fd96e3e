#include "proxy/delivery/verdict.hpp"

#include <fmt/format.h>

#include <utility>

namespace homeward::delivery {
namespace {

std::string name_of(const Upstream& upstream) {
  return fmt::format("{} ({})", upstream.account, upstream.server);
}

/// RFC 4954 §6: the server wants a login that it did not ask for when we came.
bool asks_for_login(int code) {
  return code == 530 || code == 534 || code == 535 || code == 538;
}

EnhancedCode enhanced_of(const smtp::Reply& reply) {
  if (reply.enhanced) return *reply.enhanced;
  return {static_cast<std::uint8_t>(reply.code / 100), 0, 0};
}

/// A cure that says that nothing is to be done is for who keeps the message: here it is the client.
bool helps_a_client(const mail::Advice& advice) {
  return !advice.cure.starts_with("Nothing");
}

smtp::Reply prefixed(const std::string& prefix, const smtp::Reply& reply, const mail::Advice* advice) {
  if (asks_for_login(reply.code)) {
    return smtp::make_reply(
        451, {4, 7, 0},
        fmt::format("{}the server asks for a login: {} {}", prefix, reply.code, reply.text()));
  }
  smtp::Reply out = reply;
  out.enhanced = enhanced_of(reply);
  out.lines.front() = prefix + out.lines.front();
  if (advice == nullptr || reply.code < 400) return out;
  out.lines.front() = fmt::format("{}. {}", advice->sentence, out.lines.front());
  // On the last line of the server's own, as old programs show no more lines than they expect.
  if (helps_a_client(*advice)) out.lines.back() += fmt::format(". What to do: {}", advice->cure);
  return out;
}

}  // namespace

smtp::Reply told(const Upstream& upstream, const smtp::Reply& reply, const mail::Advice* advice) {
  return prefixed(name_of(upstream) + ": ", reply, advice);
}

smtp::Reply told_of_sender(const Upstream& upstream, const std::string& sender, const smtp::Reply& reply,
                           const mail::Advice* advice) {
  return prefixed(fmt::format("{}: Sender {}: ", name_of(upstream), sender), reply, advice);
}

smtp::Reply as_transient(smtp::Reply reply) {
  // Only these have a counterpart of the same meaning. RFC 5321 §4.2.3.
  reply.code = reply.code == 550 ? 450 : reply.code == 552 ? 452 : 451;
  if (reply.enhanced) reply.enhanced->status = 4;
  return reply;
}

smtp::Reply lost(const Upstream& upstream, const Error& error) {
  return smtp::make_reply(451, {4, 4, 2}, fmt::format("{}: {}", name_of(upstream), error.reply.text));
}

smtp::Reply lost_after_dot(const Upstream& upstream, const Error& error) {
  return smtp::make_reply(451, {4, 4, 2},
                          fmt::format("{}: no answer to the whole message, it may have been delivered: {}",
                                      name_of(upstream), error.reply.text));
}

}  // namespace homeward::delivery
