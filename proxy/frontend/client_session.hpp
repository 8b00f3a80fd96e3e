// ClientSession: one client from greeting to close. Drives ServerDialog over a stream and asks the
// Delivery for each step; the answers travel back in as few writes as the client's pipelining allows.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "conf/config.hpp"
#include "proxy/delivery/delivery.hpp"
#include "proxy/frontend/content_intake.hpp"
#include "proxy/frontend/duplicate.hpp"
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

  /// Runs to the end of the session.
  net::asio::awaitable<void> run();
  /// We are to stop: an idle session ends now with 421, a transaction is finished first.
  void drain();
  /// The time for that is over: 421 wherever we wait for the client.
  void stop_now();
  /// Something of ours went wrong: the last words. To be called when run() threw.
  net::asio::awaitable<void> apologise();

 private:
  net::asio::awaitable<void> converse();
  net::asio::awaitable<std::optional<smtp::Event>> carry_out(smtp::Action action);
  net::asio::awaitable<std::optional<smtp::Event>> say(const smtp::Say& say);
  net::asio::awaitable<std::optional<smtp::Event>> read_line();
  net::asio::awaitable<std::optional<smtp::Event>> read_content();
  net::asio::awaitable<bool> take_content(ContentIntake& intake);
  net::asio::awaitable<bool> fill(std::chrono::milliseconds timeout, std::size_t size);
  net::asio::awaitable<void> say_why_we_end();
  bool must_end() const { return stopping_ || (draining_ && !dialog_.in_transaction()); }
  net::asio::awaitable<bool> flush();
  mail::Envelope envelope_of(const smtp::Mail& mail) const;
  net::asio::awaitable<smtp::Reply> hand_over();
  net::asio::awaitable<void> remember_unread();
  std::size_t unread() const { return input_.size() - taken_; }

  SessionFacts facts_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<delivery::Delivery> delivery_;
  smtp::ServerDialog dialog_;
  std::string input_;  // bytes of the client, from taken_ on not yet used
  std::size_t taken_ = 0;
  std::string output_;          // replies that wait for the end of a pipelined group
  bool dropping_line_ = false;  // inside a line that was too long
  bool draining_ = false;
  bool stopping_ = false;
  bool waiting_ = false;                             // for the client
  std::chrono::steady_clock::time_point last_step_;  // when MAIL or RCPT was last answered
  bool timed_out_ = false;                           // the client said nothing for too long
  bool broken_ = false;                              // the connection failed, not just ended
  Fingerprint fingerprint_;
  /// The message whose 250 the client may not have read: nothing came of it since.
  std::optional<UnreadAnswers::Answer> unconfirmed_;
};

}  // namespace homeward::frontend
