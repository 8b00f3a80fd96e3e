// Submission: one message on its way to the account's server, over one leased connection: what every way of
// delivery does with upstream stands here. It answers each step with a Word: what a client would be told,
// and whose word that is. RFC 5321 §3.3, RFC 2920.
#pragma once

#include <chrono>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "proxy/delivery/content_channel.hpp"
#include "proxy/delivery/message_rate.hpp"
#include "proxy/delivery/services.hpp"
#include "proxy/delivery/verdict.hpp"
#include "proxy/mail/envelope.hpp"
#include "proxy/mail/header_rewriter.hpp"
#include "proxy/smtp/look_ahead.hpp"

namespace homeward::delivery {

/// The answer to a step.
struct Word {
  enum class Source : std::uint8_t {
    upstream,  ///< its own verdict
    nobody,    ///< no server could be had
    lost,      ///< connection lost, 421, garbage or silence before the last dot
    unknown,   ///< the last dot went, and no answer came
    ours,      ///< what this message can't be given to this server for
  };
  enum class About : std::uint8_t { recipient, sender, message };
  Source source = Source::upstream;
  About about = About::message;
  smtp::Reply reply = {};                ///< what a client is told
  std::optional<smtp::Reply> said = {};  ///< upstream's own, as it came
  Fault fault = Fault::refused;          ///< where there is none
  bool passes = false;                   ///< a 5yz that the catalogue knows to pass by itself
  bool blames_sender = false;            ///< the refusal is one that another sender or From may help against
  std::optional<Lesson> lesson = {};     ///< and which has not been tried with this message

  bool is_accepted() const { return source == Source::upstream && reply.code < 400; }
};

/// Whether `word` is final: a 5yz of upstream's that does not pass by itself, or ours.
bool is_refusal(const Word& word);

/// All by value, as the submission may outlive who ordered it.
struct SubmissionOrder {
  std::shared_ptr<const conf::Config> config;  ///< keeps `account` alive
  const conf::AccountConfig* account = nullptr;
  mail::Envelope envelope;                            ///< recipients come by rcpt()
  std::chrono::system_clock::time_point received;     ///< for the trace field
  std::optional<std::chrono::milliseconds> patience;  ///< of each wait; none: what the account says
};

class Submission {
 public:
  /// Begins to lease a connection. `services` outlive it.
  Submission(Services& services, SubmissionOrder order, MessageRate::Ticket ticket);
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;

  /// So many commands travel in one flight at most: the server must be able to put its replies somewhere
  /// while we still write (RFC 2920 §3.1).
  static constexpr std::size_t kMostAhead = 100;

  /// MAIL travels with the first one, and what is `ahead` with it, where the server has PIPELINING: the next
  /// calls must then be for these recipients, in this order. A sender that is refused is replaced once by one
  /// that the server may take. After a Word that is no verdict of upstream's, every step gets it.
  net::asio::awaitable<Word> rcpt(const smtp::Recipient& to, const smtp::Ahead& ahead);
  net::asio::awaitable<Word> data();
  /// A block of content; its header is rewritten here, and it is framed. Nothing where it was taken.
  net::asio::awaitable<std::optional<Word>> content(std::string_view block);
  /// The end of the content; nothing where it went out and verdict() is to be asked.
  net::asio::awaitable<std::optional<Word>> last_dot();
  /// Upstream's word on the whole message: waits up to twice the account's reply_timeout.
  net::asio::awaitable<Word> verdict();
  /// Nothing of it stays there: in mid-content by closing without a last dot.
  void drop();
  /// Whatever is being waited for ends with an error. May be called while a step is under way.
  void interrupt();
  bool is_connecting() const { return pending_.has_value(); }

  const SubmissionOrder& order() const { return order_; }
  const smtp::ReversePath& sender() const { return sender_; }  ///< as upstream sees it
  /// The server's host; before a lease the first that would be tried.
  const std::string& server() const { return server_; }
  /// The server reports by itself what was asked for (RFC 3461).
  bool offers_dsn() const { return offers_dsn_; }

 private:
  static constexpr std::string_view kData = "DATA\r\n";

  /// What is sent at once, and what its replies mean.
  struct Flight {
    std::vector<std::string> commands;
    std::deque<std::string> ahead;  // of them, the RCPTs behind the first
    bool mail = false;
    bool reset = false;
    bool data = false;
  };

  net::asio::awaitable<std::optional<Word>> ready_lease();
  std::expected<Flight, Word> plan(const smtp::Recipient& to, const smtp::Ahead& ahead) const;
  net::asio::awaitable<std::optional<Word>> fly(const smtp::Recipient& to, const smtp::Ahead& ahead);
  net::Task<void> take_off(Flight flight);
  net::Task<void> hear_early_data();
  net::Task<smtp::Reply> answer();
  net::asio::awaitable<bool> may_fly_again(const Word& word);
  void learn_from(const Word& word, bool whole_message);
  net::asio::awaitable<Word> answer_to_rcpt();
  net::asio::awaitable<Word> answer_ahead(const smtp::Recipient& to);
  std::optional<Word> begin_again_or_fail(const Error& error);
  net::asio::awaitable<std::optional<Word>> pass(std::string_view block);
  void tell_header();
  std::optional<Word> unfit(std::string_view block) const;
  std::optional<Word> too_large_for_server() const;
  Word said(smtp::Reply reply, Word::About about) const;
  static Word ours(smtp::Reply reply, Word::About about);
  Word lost(const Error& error) const;
  Word unknown(const Error& error) const;
  Word out_of_step(std::string_view command, const smtp::Reply& reply);
  Word fail(Word word);
  Upstream upstream() const;

  Services& services_;
  SubmissionOrder order_;
  SenderRules used_;  // beyond the account's settings
  smtp::ReversePath sender_;
  MessageRate::Ticket ticket_;
  std::string trace_;  // our Received field
  std::optional<upstream::PendingLease> pending_;
  std::optional<upstream::Lease> lease_;
  std::optional<Word> failed_;  // what every further step is told
  std::optional<ContentChannel> content_;
  std::optional<mail::HeaderRewriter> header_;
  std::string rewritten_;               // what of the header may go on
  std::deque<std::string> unsent_;      // to a server without PIPELINING: each after the answer before
  std::deque<std::string> ahead_;       // RCPTs that are on their way, and not yet asked for
  std::optional<Word> sender_refused_;  // what those hear whose MAIL was refused
  std::string server_;
  bool offers_dsn_ = false;
  bool mail_accepted_ = false;
  bool data_ahead_ = false;  // DATA is on its way
  bool was_heard_ = false;   // the server has answered in this transaction
  bool interrupted_ = false;
  bool repaired_ = false;      // its sender, in mid-transaction
  bool any_accepted_ = false;  // recipients
  bool content_went_ = false;
};

}  // namespace homeward::delivery
