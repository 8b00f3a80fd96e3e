#include "tests/bench/upstream/session.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cctype>
#include <charconv>
#include <cstring>
#include <utility>

#include "tests/bench/upstream/dot_reader.hpp"

namespace bench {
namespace {

constexpr std::size_t kMostLine = 12288;  // RFC 4954 §4 for AUTH; more than any other needs

std::string upper_verb(std::string_view line) {
  std::string verb(line.substr(0, line.find_first_of(" :")));
  std::ranges::transform(verb, verb.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return verb;
}

std::string_view bracketed(std::string_view line) {
  const auto open = line.find('<');
  const auto close = line.find('>', open);
  return close == std::string_view::npos ? std::string_view{} : line.substr(open + 1, close - open - 1);
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, Port port, Service& service)
    : wire_(std::move(socket)), port_(port), service_(service), logged_in_(port == Port::plain) {}

asio::awaitable<void> Session::run() {
  ++service_.tally.connections;
  if (port_ == Port::submissions && !co_await secure()) co_return;
  reply("220 bench.test ESMTP\r\n");
  while (!ended_ && co_await read_line() && co_await obey()) {
  }
  if (!replies_.empty()) co_await wire_.write(replies_);
}

asio::awaitable<bool> Session::secure() {
  switch (co_await wire_.start_tls(service_.tls)) {
    case Handshake::failed:
      ++service_.tally.failed_handshakes;
      co_return false;
    case Handshake::full:
      ++service_.tally.full_handshakes;
      break;
    case Handshake::resumed:
      ++service_.tally.resumed_handshakes;
      break;
  }
  co_return true;
}

/// Writes the replies, then waits for input. Where both were needed, the message has cost a round trip.
asio::awaitable<bool> Session::fill() {
  const bool replied = !replies_.empty();
  if (replied && !co_await wire_.write(replies_)) co_return false;
  replies_.clear();
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const auto size = co_await wire_.read(std::span(buffer_).subspan(end_));
  end_ += size;
  if (replied && transaction_) ++transaction_->round_trips;
  co_return size > 0;
}

asio::awaitable<bool> Session::read_line() {
  while (true) {
    const auto end = buffered().find("\r\n");
    if (end != std::string_view::npos) {
      line_ = buffered().substr(0, end);
      begin_ += end + 2;
      co_return true;
    }
    if (buffered().size() > kMostLine || !co_await fill()) co_return false;
  }
}

/// False where the connection is over.
asio::awaitable<bool> Session::obey() {
  ++service_.tally.commands;
  const auto verb = upper_verb(line_);
  if (verb == "MAIL") {
    mail();
  } else if (verb == "RCPT") {
    recipient();
  } else if (verb == "DATA") {
    co_return co_await data();
  } else if (verb == "BDAT" && service_.chunking) {
    co_return co_await chunk();
  } else if (verb == "EHLO" || verb == "HELO") {
    hello();
  } else if (verb == "STARTTLS" && port_ == Port::submission && !wire_.is_secured()) {
    co_return co_await start_tls();
  } else if (verb == "AUTH" && wire_.is_secured()) {
    co_return co_await login();
  } else if (verb == "RSET" || verb == "NOOP") {
    if (verb == "RSET") transaction_.reset();
    reply("250 2.0.0 so be it\r\n");
  } else if (verb == "QUIT") {
    reply("221 2.0.0 bye\r\n");
    ended_ = true;
  } else {
    reply("502 5.5.1 no such command here\r\n");
  }
  co_return true;
}

void Session::hello() {
  transaction_.reset();
  reply("250-bench.test\r\n250-PIPELINING\r\n250-SIZE 1073741824\r\n250-8BITMIME\r\n250-DSN\r\n");
  if (service_.chunking) reply("250-CHUNKING\r\n");
  if (port_ == Port::submission && !wire_.is_secured()) reply("250-STARTTLS\r\n");
  if (wire_.is_secured()) reply("250-AUTH PLAIN\r\n");
  reply("250 ENHANCEDSTATUSCODES\r\n");
}

asio::awaitable<bool> Session::start_tls() {
  reply("220 2.0.0 go ahead\r\n");
  if (!co_await wire_.write(replies_)) co_return false;
  replies_.clear();
  begin_ = end_ = 0;  // what came in plain counts for nothing, RFC 3207 §4.2
  co_return co_await secure();
}

asio::awaitable<bool> Session::login() {
  std::string response = line_.size() > 11 ? line_.substr(11) : std::string();  // "AUTH PLAIN "
  if (response.empty()) {
    reply("334 \r\n");
    if (!co_await read_line()) co_return false;
    response = line_;
  }
  logged_in_ = response == service_.plain_response;
  ++(logged_in_ ? service_.tally.logins : service_.tally.refused_logins);
  reply(logged_in_ ? "235 2.7.0 welcome\r\n" : "535 5.7.8 who is that\r\n");
  co_return true;
}

void Session::mail() {
  if (!logged_in_) {
    reply("530 5.7.0 log in first\r\n");
  } else if (transaction_) {
    reply("503 5.5.1 one message at a time\r\n");
  } else {
    transaction_.emplace();
    reply("250 2.1.0 sender ok\r\n");
  }
}

void Session::recipient() {
  if (!transaction_) return reply("503 5.5.1 MAIL first\r\n");
  auto id = id_in(bracketed(line_));
  if (const auto refusal = service_.faults.refusal(Faults::Place::rcpt, id); !refusal.empty()) {
    ++service_.tally.refused;
    return reply(refusal);
  }
  transaction_->id = std::move(id);
  transaction_->has_recipient = true;
  reply("250 2.1.5 recipient ok\r\n");
}

asio::awaitable<bool> Session::data() {
  if (!transaction_ || !transaction_->has_recipient) {
    reply("503 5.5.1 no recipient\r\n");
    co_return true;
  }
  reply("354 go ahead\r\n");
  DotReader reader;
  while (true) {
    const auto taken = reader.take(buffered(), transaction_->content);
    begin_ += taken.octets;
    transaction_->octets += taken.octets;
    if (taken.ended) break;
    if (!co_await fill()) co_return false;
  }
  co_await finish();
  co_return true;
}

/// BDAT SIZE [LAST], RFC 3030 §2. The octets come whatever the reply will be.
asio::awaitable<bool> Session::chunk() {
  std::size_t left = 0;
  const auto number = std::string_view(line_).substr(std::min<std::size_t>(line_.size(), 5));
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), left);
  if (error != std::errc{}) co_return false;
  const bool last = upper_verb(std::string_view(end, number.data() + number.size())
                                   .substr(end < number.data() + number.size() ? 1 : 0)) == "LAST";
  const bool wanted = transaction_ && transaction_->has_recipient;
  const auto size = left;
  while (left > 0) {
    if (buffered().empty() && !co_await fill()) co_return false;
    const auto piece = buffered().substr(0, left);
    if (wanted) transaction_->content.feed(piece);
    begin_ += piece.size();
    left -= piece.size();
  }
  if (!wanted) {
    reply("503 5.5.1 no recipient\r\n");
    co_return true;
  }
  transaction_->octets += size;
  if (last) {
    co_await finish();
  } else {
    reply("250 2.0.0 chunk taken\r\n");
  }
  co_return true;
}

/// The answer to the whole message.
asio::awaitable<void> Session::finish() {
  auto done = std::move(*transaction_);
  transaction_.reset();
  if (const auto delay = service_.faults.delay(done.id); delay.count() > 0) {
    asio::steady_timer timer(co_await asio::this_coro::executor, delay);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (const auto refusal = service_.faults.refusal(Faults::Place::dot, done.id); !refusal.empty()) {
    ++service_.tally.refused;
    reply(refusal);
    co_return;
  }
  service_.tally.accept(done.content.finish(), done.octets, done.round_trips);
  reply("250 2.0.0 taken\r\n");
}

}  // namespace bench
