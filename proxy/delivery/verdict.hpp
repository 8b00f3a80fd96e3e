// From what upstream said, or failed to say, to what the client is told. The table in product.md 3,
// column "direct", stands here and nowhere else. Pure.
#pragma once

#include <string>

#include "proxy/base/error.hpp"
#include "proxy/mail/advice.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::delivery {

/// Who is meant by "upstream" in a reply: "home (submission.isp.example)".
struct Upstream {
  std::string account;
  std::string server;
};

/// A reply of upstream to RCPT, DATA or the last dot, with account and server before its text, its code
/// kept, an enhanced code added where it has none. A refusal that the catalogue knows (`advice`, may be null)
/// begins with its sentence, as a small panel shows the beginning alone, and ends with what to do. A login
/// that is asked for at this point is our trouble, not the client's: 451 4.7.0.
smtp::Reply told(const Upstream& upstream, const smtp::Reply& reply, const mail::Advice* advice);
/// The same for the refusal of a sender, which comes with the answer to RCPT: it says so, so that no client
/// blames the recipient.
smtp::Reply told_of_sender(const Upstream& upstream, const std::string& sender, const smtp::Reply& reply,
                           const mail::Advice* advice);
/// A 5yz that is known to pass, as the 4yz that it means; its words are kept.
smtp::Reply as_transient(smtp::Reply reply);
/// The connection was lost or went out of step before the last dot: 451 4.4.2.
smtp::Reply lost(const Upstream& upstream, const Error& error);
/// The same after the last dot: 451 4.4.2 that says that the message may have been delivered.
smtp::Reply lost_after_dot(const Upstream& upstream, const Error& error);

}  // namespace homeward::delivery
