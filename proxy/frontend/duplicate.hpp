// Repeated submission: a client that ended before it could read its 250 sends the same message again. It is
// given that 250 again and no second copy goes out. Nothing else is ever suppressed. product.md 5.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>

#include "proxy/delivery/header_copy.hpp"
#include "proxy/mail/envelope.hpp"
#include "proxy/net/keyed_digest.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::frontend {

/// What makes a message the same: client, envelope, Message-ID and content.
class Fingerprint {
 public:
  /// A transaction begins.
  explicit Fingerprint(const mail::Envelope& envelope);
  void recipient(const smtp::Recipient& to);
  void content(std::string_view block);
  /// Nothing where the message has no Message-ID: then no two are the same. Ends it.
  std::optional<std::string> finish();

 private:
  net::KeyedDigest digest_;
  delivery::HeaderCopy header_;
};

/// The answers that were not read, for a while; of the whole process.
class UnreadAnswers {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes kKept{15};
  static constexpr std::size_t kMost = 1000;

  struct Answer {
    std::string fingerprint;
    smtp::Reply reply;
    TimePoint when;  ///< it was first given
  };
  void add(Answer answer);
  /// The answer that this message was given before; once.
  std::optional<Answer> take(const std::string& fingerprint, TimePoint now);

 private:
  std::deque<Answer> answers_;  // the oldest first
};

}  // namespace homeward::frontend
