// ClientSession: one client from greeting to close. Drives ServerDialog over a stream and asks the
// Delivery for each step; the answers travel back in as few writes as the client's pipelining allows. Of a
// client that is idle nothing is kept but the frame of run(): no buffer, nothing of the last message.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "conf/config.hpp"
#include "proxy/delivery/delivery.hpp"
#include "proxy/frontend/content_intake.hpp"
#include "proxy/frontend/duplicate.hpp"
#include "proxy/frontend/input_buffer.hpp"
#include "proxy/frontend/local_owner.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/smtp/server_dialog.hpp"

namespace homeward::frontend {

struct SessionFacts {
  std::shared_ptr<const conf::Config> config;  ///< the one that held when the client came
  std::string listener;
  smtp::QuirkSet tolerate;
  IpAddress client;
  UnreadAnswers* unread = nullptr;  ///< of the process; outlives the session; may be null
};

class ClientSession {
 public:
  ClientSession(SessionFacts facts, std::unique_ptr<net::Stream> stream,
                std::unique_ptr<delivery::Delivery> delivery);

  /// Whose the client's socket is, where somebody has asked. Before run().
  void opened_by(LocalOwner owner) { owner_ = std::make_unique<LocalOwner>(std::move(owner)); }
  /// Runs to the end of the session.
  net::asio::awaitable<void> run();
  /// We are to stop: an idle session ends now with 421, a transaction is finished first.
  void drain();
  /// The time for that is over: 421 wherever we wait for the client.
  void stop_now();
  /// Something of ours went wrong: the last words. To be called when run() threw.
  net::asio::awaitable<void> apologise();

 private:
  net::asio::awaitable<bool> greet();
  net::asio::awaitable<bool> obey_lines();
  net::asio::awaitable<bool> obey(smtp::Action action);
  net::asio::awaitable<smtp::StepDone> take_step(const smtp::Action& action);
  std::optional<smtp::LineEvent> next_line();
  net::asio::awaitable<std::optional<smtp::ContentDone>> read_content();
  net::asio::awaitable<bool> take_content(ContentIntake& intake);
  net::asio::awaitable<bool> read_command(bool readable);
  net::asio::awaitable<bool> fill(std::chrono::milliseconds timeout, std::size_t size);
  net::asio::awaitable<void> say_why_we_end();
  net::asio::awaitable<void> finish();
  void expect_command();
  std::chrono::milliseconds left_for_command() const;
  void begin_wait(std::chrono::milliseconds timeout);
  bool end_wait(const Error* fault);
  void release_memory();
  void tell_opened() const;
  void tell_closed() const;
  bool must_end() const { return stopping_ || (draining_ && !dialog_.in_transaction()); }
  net::asio::awaitable<bool> flush();
  mail::Envelope envelope_of(const smtp::Mail& mail) const;
  net::asio::awaitable<smtp::Reply> hand_over();
  net::asio::awaitable<void> remember_unread();

  SessionFacts facts_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<delivery::Delivery> delivery_;
  smtp::ServerDialog dialog_;
  InputBuffer input_;           // bytes of the client, not yet used
  std::string output_;          // replies that wait for the end of a pipelined group
  bool dropping_line_ = false;  // inside a line that was too long
  bool draining_ = false;
  bool stopping_ = false;
  bool waiting_ = false;                             // for the client
  std::chrono::steady_clock::time_point last_step_;  // when MAIL or RCPT was last answered
  std::chrono::steady_clock::time_point due_;        // until when a whole command must have come
  bool timed_out_ = false;                           // the client said nothing for too long
  bool broken_ = false;                              // the connection failed, not just ended
  std::unique_ptr<LocalOwner> owner_;                // null where nobody has asked
  std::unique_ptr<Fingerprint> fingerprint_;         // of the message under way; null where nobody asks
  /// The message whose 250 the client may not have read: nothing came of it since.
  std::unique_ptr<UnreadAnswers::Answer> unconfirmed_;
};

}  // namespace homeward::frontend
