// A message as a program gives it to sendmail: its header cut into fields, whom it says that it is for, and
// what it lacks. RFC 5322 §2.2, §3.6. Pure. Called by sendmail_command.cpp.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/smtp/path.hpp"

namespace homeward::app {

/// Reads a message in blocks of any size; the end is a line of a dot alone, unless that is content.
class MessageReader {
 public:
  enum class LoneDot { ends, content };
  MessageReader(LoneDot lone_dot, std::size_t limit) : lone_dot_(lone_dot), limit_(limit) {}

  /// False from the end on, and where the limit is passed: what comes behind is not looked at.
  bool feed(std::string_view block);
  bool is_too_large() const { return is_too_large_; }
  /// The message, every line with its CR LF; a last line without an end gets one.
  std::string take();

 private:
  bool end_line();
  LoneDot lone_dot_;
  std::size_t limit_;
  std::string text_;
  std::string line_;
  bool is_over_ = false;
  bool is_too_large_ = false;
};

struct HeaderField {
  std::string name;                ///< as written
  std::string raw;                 ///< the whole field with its folded lines, each with CR LF
  std::string_view value() const;  ///< behind the colon, still folded
};

struct SentMessage {
  std::vector<HeaderField> header;
  std::string body;  ///< behind the empty line

  bool has(std::string_view name) const;
  std::size_t size() const;
};

inline constexpr std::size_t kMaxHeader = 1UL << 20U;  ///< octets

/// Cuts `text` (lines with CR LF). An mbox line "From …" before the header is dropped; the first line that is
/// no field begins the body. Error: the header is too large.
std::expected<SentMessage, std::string> cut_message(std::string text);

/// Whom To, Cc and Bcc name, or, in a resent message, Resent-To, -Cc and -Bcc; takes the Bcc fields out.
/// Error: words that name the field.
std::expected<std::vector<smtp::ForwardPath>, std::string> take_recipients(SentMessage& message);

/// What is added where it is missing.
struct Missing {
  std::string from;        ///< a mailbox, with its name
  std::string date;        ///< RFC 5322 §3.3
  std::string message_id;  ///< with its brackets
};
/// RFC 6409 §8, RFC 5322 §3.6: From, Date, Message-ID; in front of the header.
void complete(SentMessage& message, const Missing& missing);

}  // namespace homeward::app
