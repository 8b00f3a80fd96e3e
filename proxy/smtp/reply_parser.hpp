// Replies of an upstream server, from bytes to Reply, in three answers: have one, need more, broken.
// RFC 5321 §4.2; limits: safety.md 2.9 (8 KiB a line read, 512 octets kept, 100 lines). A 334 is kept whole:
// its text is a SASL challenge (RFC 4954 §4), of which a part is of no use.
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
  /// within a reply, too long, too many lines. After an error the parser is dead: the same error again.
  Result<std::optional<Reply>> next();

  /// Bytes that were fed and not yet handed out in a reply, lines of an unfinished one included;
  /// non-zero behind STARTTLS's 220 is an injection.
  std::size_t buffered() const { return buffer_.size() - taken_ + partial_octets_; }
  /// True where what broke the protocol looks like HTTP or HTML: a captive portal's, before TLS.
  bool met_web_page() const { return met_web_page_; }
  /// Forgets everything, an error too: as new.
  void clear();

 private:
  Result<std::optional<std::string_view>> next_line();
  Result<bool> add_line(std::string_view line);
  std::unexpected<Error> broken(std::string text, std::string detail);

  std::string buffer_;
  std::size_t taken_ = 0;
  Reply partial_;
  std::size_t partial_octets_ = 0;
  std::optional<Error> broken_;
  bool met_web_page_ = false;
};

}  // namespace homeward::smtp
