#include "tests/transcripts/client_player.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <stdexcept>

#include "proxy/base/text.hpp"
#include "proxy/frontend/client_session.hpp"
#include "tests/support/memory_stream.hpp"
#include "tests/support/scripted_delivery.hpp"

namespace homeward::test {
namespace {

using Act = ClientTurn::Act;

/// A group up to this size comes in one read.
constexpr std::size_t kOneRead = 4096;

std::uint64_t number_of(const std::string& text) {
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::shared_ptr<const conf::Config> config_of(const Transcript& transcript) {
  auto config = std::make_shared<conf::Config>();
  config->hostname = "mx.home.test";
  config->max_message_size = number_of(transcript.setting("max_message_size", "1048576"));
  config->max_recipients = static_cast<unsigned>(number_of(transcript.setting("max_recipients", "1000")));
  return config;
}

smtp::QuirkSet quirks_of(const Transcript& transcript) {
  if (!transcript.has("tolerate")) return smtp::QuirkSet::all();
  smtp::QuirkSet quirks;
  const auto wanted = transcript.setting("tolerate", "");
  for (const auto word : text::split(wanted, ',')) {
    for (const auto& [quirk, name] : smtp::kQuirkNames) {
      if (word == name) quirks.add(quirk);
    }
  }
  return quirks;
}

/// "550 5.7.1 text\nmore"
smtp::Reply reply_of(std::string text) {
  for (std::size_t at = 0; (at = text.find("\\n", at)) != std::string::npos;) text.replace(at, 2, "\n");
  const int code = static_cast<int>(number_of(text.substr(0, 3)));
  text.erase(0, std::min<std::size_t>(4, text.size()));
  const bool enhanced = text.size() >= 5 && text[1] == '.' && text[3] == '.';
  if (!enhanced) return smtp::make_reply(code, text);
  const auto digit = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at] - '0'); };
  const EnhancedCode meant{digit(0), digit(2), digit(4)};
  return smtp::make_reply(code, meant, text.substr(std::min<std::size_t>(6, text.size())));
}

/// Everybody around the session: its client, its delivery, and whoever stops us.
class Stage {
 public:
  Stage(const Transcript& transcript, const ClientScript& script, const ClientPlay& play)
      : transcript_(transcript), script_(script), play_(play) {}

  std::vector<std::string> run() {
    net::asio::io_context context;
    auto stream = std::make_unique<MemoryStream>(peer(), play_.octets_per_read);
    stream_ = stream.get();
    const auto quirks = quirks_of(transcript_);
    frontend::ClientSession session(
        {config_of(transcript_), "lan", quirks, *IpAddress::parse("192.0.2.7")}, std::move(stream),
        std::make_unique<ScriptedDelivery>(
            [this](const std::string& call, const std::string& content) { return answer(call, content); },
            [this](const std::string& what) { breach(what); }, transcript_.has("show_origin")));
    session_ = &session;
    bool over = false;
    net::asio::co_spawn(context, serve(session), [&](const std::exception_ptr& escaped) {
      over = true;
      if (escaped) std::rethrow_exception(escaped);
    });
    context.run();
    if (!over) note("the session never ended");
    if (!closed_) note("the connection was left open");
    if (as_written()) end();
    return std::move(problems_);
  }

 private:
  bool as_written() const { return !play_.client_vanishes && !play_.failing_write; }

  /// As frontend::Server does it.
  net::asio::awaitable<void> serve(frontend::ClientSession& session) {
    bool threw = false;
    try {
      co_await session.run();
    } catch (const std::logic_error&) {
      threw = true;
    }
    if (threw) co_await session.apologise();
  }

  MemoryStream::Peer peer() {
    return {.more = [this] { return more(); },
            .hear = [this](std::string_view bytes) { return hear(bytes); },
            .ended = [this] { closed_ = true; },
            .unguarded = [this] { breach("waiting for the client without a deadline"); }};
  }

  const ClientTurn& turn() const { return script_.turns[turn_]; }

  Result<std::string> more() {
    while (true) {
      if (play_.client_vanishes && play_.client_vanishes->turn == turn_) return std::string();
      if (turn_ + 1 == script_.turns.size()) {
        if (script_.closed_by_us && as_written()) note("we should have closed, and read on");
        return std::string();
      }
      finish_turn();
      ++turn_;
      switch (turn().act) {
        case Act::says:
          if (turn().bytes.empty()) continue;
          return play_.client_vanishes && play_.client_vanishes->turn == turn_
                     ? turn().bytes.substr(0, play_.client_vanishes->octets)
                     : turn().bytes;
        case Act::goes:
          return std::string();
        case Act::resets:
          return std::unexpected(make_error(Fault::network, 451, {4, 4, 2}, "reset by peer"));
        case Act::falls_silent:
          return std::unexpected(net::timeout_error("reading"));
        case Act::we_drain:
          session_->drain();
          break;
        case Act::we_stop:
          session_->stop_now();
          break;
      }
      if (stream_->stopped()) return std::string();
    }
  }

  Result<void> hear(std::string_view bytes) {
    if (play_.failing_write == writes_++)
      return std::unexpected(make_error(Fault::network, 451, {4, 4, 2}, "broken pipe"));
    heard_ += bytes;
    ++writes_of_turn_;
    return {};
  }

  smtp::Reply answer(const std::string& call, const std::string& content) {
    if (step_ == script_.steps.size()) {
      // A transaction that was cut off, by us or by the end of the file, is given up.
      const bool file_ends =
          turn_ + 1 == script_.turns.size() && turn().act == Act::says && !script_.closed_by_us;
      if (call != "abort" || (as_written() && !file_ends))
        note(fmt::format("the delivery is asked once more: {}", call));
      return smtp::make_reply(451, "not in the transcript");
    }
    const auto& step = script_.steps[step_];
    if (!agrees(step.call, call)) {
      if (call == "abort" && !as_written()) return smtp::make_reply(250, "");
      note(step.call.number, fmt::format("the delivery is asked: {}\n    not: {}", call, step.call.text));
      return smtp::make_reply(451, "not in the transcript");
    }
    ++step_;
    if (as_written()) {
      if (step.turn != turn_) note(step.call.number, "the delivery is asked at another point than here");
      if (step.content && *step.content != content) {
        note(step.call.number,
             fmt::format("the content is: {}\n    not: {}", shown(content), shown(*step.content)));
      }
    } else if (call == "commit" && step.content != content) {
      note(step.call.number, "a part of the content is committed");
    }
    if (step.answer == "throws") throw std::logic_error("as the transcript wants it");
    return reply_of(step.answer);
  }

  /// Holds what the client heard since it last spoke against the file.
  void finish_turn() {
    if (as_written()) compare();
    heard_.clear();
    writes_of_turn_ = 0;
  }

  void compare() {
    const auto line = turn().line;
    std::string_view rest = heard_;
    if (turn().hears_hello) {
      if (!rest.starts_with("250-mx.home.test\r\n")) note(line, "EHLO was answered: " + shown(rest));
      rest = {};
    }
    for (const auto& wanted : turn().hears) {
      const auto end = std::min(rest.find("\r\n"), rest.size());
      const auto said = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 2, rest.size()));
      if (agrees(wanted, said) && said.size() + 2 <= smtp::kMaxReplyLine) continue;
      note(wanted.number, fmt::format("we say: {}\n    not: {}", shown(said), wanted.text));
    }
    if (!rest.empty()) note(line, "we say besides: " + shown(rest));
    // Last words, as at shut-down, may follow on their own.
    const bool one_group =
        !script_.closed_by_us && turn().act == Act::says && turn().bytes.size() <= kOneRead;
    if (play_.one_write_a_group && one_group && writes_of_turn_ > 1)
      note(line, fmt::format("the answers went in {} writes", writes_of_turn_));
  }

  void end() {
    finish_turn();
    if (turn_ + 1 < script_.turns.size()) {
      note(script_.turns[turn_ + 1].line, "we never read as far as here");
    } else if (step_ < script_.steps.size()) {
      note(script_.steps[step_].call.number, "the delivery is never asked this");
    }
  }

  void breach(const std::string& what) {
    if (what == "dropped with a transaction open" && throws()) return;
    note(what);
  }
  bool throws() const { return step_ > 0 && script_.steps[step_ - 1].answer == "throws"; }
  void note(unsigned line, std::string what) { problems_.push_back(fmt::format("{}: {}", line, what)); }
  void note(std::string what) { note(turn().line, std::move(what)); }

  const Transcript& transcript_;
  const ClientScript& script_;
  const ClientPlay& play_;
  frontend::ClientSession* session_ = nullptr;
  MemoryStream* stream_ = nullptr;
  std::size_t turn_ = 0;
  std::size_t step_ = 0;
  std::string heard_;  // since the client last spoke
  unsigned writes_ = 0;
  unsigned writes_of_turn_ = 0;
  bool closed_ = false;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> play_client(const Transcript& transcript, const ClientScript& script,
                                     const ClientPlay& play) {
  return Stage(transcript, script, play).run();
}

}  // namespace homeward::test
