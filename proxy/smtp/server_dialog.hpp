// ServerDialog: what a client may say now, and what we do about it. Event in, action out; no sockets, no
// clocks. The loop that drives it (frontend/client_session) carries out actions and brings back events.
// RFC 5321 §3, §4.1.4 (order), RFC 2920 (pipelining), RFC 2034 (enhanced codes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/smtp/command_parser.hpp"
#include "proxy/smtp/line_splitter.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::smtp {

struct ServerSettings {
  std::string hostname;
  std::uint64_t max_message_size = 0;  ///< octets, announced by SIZE
  unsigned max_recipients = 1000;      ///< accepted ones, per transaction
  QuirkSet tolerate;
};

// ---- events

/// A whole line came in, or one that passed the limit.
struct LineEvent {
  std::string_view line;
  LineEnd end = LineEnd::crlf;
  bool too_long = false;
  bool more = false;  ///< bytes behind it are waiting already: a pipelined group goes on
};
/// The step that was last asked for was done; what the client is to be told.
struct StepDone {
  Reply reply;
};
/// The content was read to its end (or refused); the final reply.
struct ContentDone {
  Reply reply;
};
using Event = std::variant<LineEvent, StepDone, ContentDone>;

// ---- actions

enum class Next : std::uint8_t { read_line, read_content, close };

/// Send the reply (with others, when nothing more is buffered), then go on.
struct Say {
  Reply reply;
  Next next = Next::read_line;
  bool reset = false;  ///< the transaction is over without a message: nothing of it may stay
};
struct MailStep {
  Mail mail;
};
struct RcptStep {
  Recipient to;
};
/// May content begin? The answer is a 354, or a refusal.
struct DataStep {};
using Action = std::variant<Say, MailStep, RcptStep, DataStep>;

class ServerDialog {
 public:
  /// So many refused commands end a session: somebody is guessing, or is no mail program.
  static constexpr unsigned kMaxErrors = 25;
  /// So many recipients that upstream refused, in one transaction, are no letter but a search for addresses.
  static constexpr unsigned kMaxRefusedRecipients = 1000;

  explicit ServerDialog(ServerSettings settings) : settings_(std::move(settings)) {}

  /// The greeting. RFC 5321 §3.1.
  Action start() const;
  Action on(const Event& event);

  /// Name from HELO or EHLO; empty before.
  const std::string& client_name() const { return client_name_; }
  bool is_esmtp() const { return esmtp_; }
  /// Between an accepted MAIL and the end of its message.
  bool in_transaction() const { return state_ != State::before_hello && state_ != State::ready; }
  /// So many RCPTs more, after the one that is being answered, are certain to be asked for, whatever the
  /// answers: the limits leave room for them.
  std::size_t recipients_left() const;
  /// What was mended in this session.
  QuirkSet quirks_seen() const { return seen_; }

 private:
  enum class State : std::uint8_t {
    before_hello,
    ready,
    mail_asked,
    transaction,
    rcpt_asked,
    data_asked,
    content
  };

  Action on_line(const LineEvent& event);
  Action on_command(const Command& command, bool more);
  Action on_step_done(const Reply& reply);

  Action hello(const std::string& name, bool esmtp);
  Action mail(const Mail& mail);
  Action rcpt(const Rcpt& rcpt);
  Action data(bool more);
  /// A refusal of ours; too many of them end the session.
  Action refuse(Reply reply);
  void end_transaction();

  ServerSettings settings_;
  State state_ = State::before_hello;
  std::string client_name_;
  bool esmtp_ = false;
  unsigned accepted_ = 0;  // recipients
  unsigned refused_ = 0;   // recipients
  unsigned errors_ = 0;
  QuirkSet seen_;
};

}  // namespace homeward::smtp
