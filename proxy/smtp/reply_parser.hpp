// Replies of an upstream server, from bytes to Reply, in three answers: have one, need more, broken.
// RFC 5321 §4.2; limits: safety.md 2.9 (8 KiB a line read, 512 octets kept, 100 lines).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/result.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::smtp {

class ReplyParser {
 public:
  static constexpr std::size_t kMaxLineRead = 8192;
  static constexpr std::size_t kMaxLineKept = 512;
  static constexpr std::size_t kMaxLines = 100;

  /// Takes more bytes from the server.
  void feed(std::string_view bytes);

  /// The next whole reply; nothing where more bytes are needed. LF alone ends a line too (what a
  /// server sends is never passed on raw). Errors: 451 4.4.0 "protocol": no digits, code that changes
  /// within a reply, too long, too many lines. After an error the parser is dead.
  Result<std::optional<Reply>> next();

  /// Bytes that were fed and not yet taken; non-zero behind STARTTLS's 220 is an injection.
  std::size_t buffered() const { return buffer_.size() - taken_; }
  void clear();

 private:
  std::string buffer_;
  std::size_t taken_ = 0;
  Reply partial_;
};

}  // namespace homeward::smtp
