#include "proxy/app/sandbox/home_session.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/base/text.hpp"
#include "proxy/net/tls_stream.hpp"
#include "proxy/smtp/dot_codec.hpp"
#include "proxy/smtp/line_splitter.hpp"

namespace homeward::app::sandbox {
namespace {

using net::asio::awaitable;

constexpr std::chrono::minutes kPatience{5};  // RFC 5321 §4.5.3.2.7
constexpr std::chrono::seconds kHandshakeTime{30};
constexpr std::size_t kCommandRead = 4 * 1024;
constexpr std::size_t kContentRead = 64 * 1024;

/// Content on its way into a file: its true end, its size, its forbidden bytes. Once something is wrong the
/// rest is read and dropped, so that client and server stay in step.
class Intake {
 public:
  Intake(Result<MaildirFile> file, std::uint64_t max_size) : decoder_(smtp::BareLf::refuse), left_(max_size) {
    if (file) {
      file_.emplace(std::move(*file));
    } else {
      fail(file.error());
    }
  }

  void append(std::string_view content) {
    if (refusal_) return;
    if (auto written = file_->append(content); !written) fail(written.error());
  }

  smtp::DotDecoder::Step feed(std::string_view bytes) {
    std::string content;
    const auto step = decoder_.decode(bytes, content);
    if (!refusal_ && decoder_.fault() != smtp::ContentFault::none) {
      refusal_ = smtp::make_reply(554, {5, 6, 0}, "The message holds a bare CR, a bare LF or a NUL");
    }
    if (!refusal_ && content.size() > left_) {
      refusal_ = smtp::make_reply(552, {5, 3, 4}, "Message too large");
    }
    append(content);
    left_ -= std::min<std::uint64_t>(left_, content.size());
    return step;
  }

  const std::optional<smtp::Reply>& refusal() const { return refusal_; }
  MaildirFile take() { return std::move(*file_); }

 private:
  void fail(const Error& error) {
    log::error("sandbox.store_failed", {{"cause", error.reply.text}});
    refusal_ = smtp::make_reply(451, {4, 3, 0}, "The mailbox can't be written, try again later");
  }

  smtp::DotDecoder decoder_;
  std::uint64_t left_;
  std::optional<MaildirFile> file_;
  std::optional<smtp::Reply> refusal_;
};

}  // namespace

HomeSession::HomeSession(HomeHouse house, HomePort port, std::unique_ptr<net::Stream> stream)
    : house_(house), port_(port), stream_(std::move(stream)), dialog_(house.home, port, stream_->peer()) {}

awaitable<void> HomeSession::run() {
  if (port_ == HomePort::submissions && !co_await begin_tls()) co_return;
  std::optional<HomeAnswer> answer = dialog_.start();
  while (answer) answer = co_await carry_out(std::move(*answer));
  // A handshake that failed has used the stream up.
  if (stream_) co_await stream_->shutdown();
}

/// Sends the answer, or keeps it while a pipelined group goes on, and waits for what comes next.
awaitable<std::optional<HomeAnswer>> HomeSession::carry_out(HomeAnswer answer) {
  output_ += smtp::to_wire(answer.reply);
  switch (answer.next) {
    case HomeNext::read_line:
      co_return co_await read_line();
    case HomeNext::read_content:
      co_return co_await read_content();
    case HomeNext::start_tls:
      if (!co_await flush() || !co_await begin_tls()) co_return std::nullopt;
      co_return co_await read_line();
    case HomeNext::close:
      break;
  }
  co_await flush();
  co_return std::nullopt;
}

awaitable<bool> HomeSession::begin_tls() {
  input_.clear();
  auto secured = co_await net::tls_accept(std::move(stream_), house_.tls, kHandshakeTime);
  if (!secured) {
    log::info("sandbox.tls_failed", {{"cause", secured.error().reply.text}});
    co_return false;
  }
  stream_ = std::move(*secured);
  std::optional<auth::ChannelBinding> binding;
  if (const auto& facts = stream_->tls(); facts && !facts->binding_type.empty()) {
    binding = auth::ChannelBinding{facts->binding_type, facts->binding_data};
  }
  dialog_.on_tls_up(std::move(binding));
  co_return true;
}

awaitable<std::optional<HomeAnswer>> HomeSession::read_line() {
  while (true) {
    const auto line = smtp::split_line(input_, smtp::kMaxSaslLine);
    if (!line) {
      if (!co_await flush() || !co_await fill(kCommandRead)) co_return std::nullopt;
      continue;
    }
    const bool ended = input_[line->consumed - 1] == '\n';
    if (std::exchange(dropping_line_, line->too_long && !ended)) {
      input_.erase(0, line->consumed);
      continue;
    }
    // The view is of input_: the dialog sees the line before the line goes.
    auto answer = dialog_.on_line({line->line, line->end, line->too_long, input_.size() > line->consumed});
    input_.erase(0, line->consumed);
    co_return answer;
  }
}

awaitable<std::optional<HomeAnswer>> HomeSession::read_content() {
  if (!co_await flush()) co_return std::nullopt;
  Intake intake(house_.maildir.begin(), house_.home.max_message_size());
  intake.append(trace_fields());
  while (true) {
    const auto step = intake.feed(input_);
    input_.erase(0, step.consumed);
    if (step.ended) break;
    if (!co_await fill(kContentRead)) co_return std::nullopt;
  }
  if (intake.refusal()) co_return dialog_.on_content(*intake.refusal());
  co_return dialog_.on_content(co_await store(intake.take()));
}

/// The disk may take its time: not on the network's thread.
awaitable<smtp::Reply> HomeSession::store(MaildirFile file) {
  const auto stored =
      co_await house_.offload.run<Result<std::filesystem::path>>([&file] { return file.commit(); });
  if (!stored) {
    log::error("sandbox.store_failed", {{"cause", stored.error().reply.text}});
    co_return smtp::make_reply(451, {4, 3, 0}, "The mailbox can't be written, try again later");
  }
  log::info("sandbox.stored", {{"from", dialog_.sender().to_string()}, {"file", stored->string()}});
  co_return smtp::make_reply(250, {2, 0, 0}, "Message stored");
}

/// What the last server adds on top (RFC 5321 §4.4), and whom the envelope named.
std::string HomeSession::trace_fields() const {
  const auto& dialog = dialog_;
  std::string text = fmt::format("Return-Path: {}\r\n", dialog.sender().to_string());
  for (const auto& recipient : dialog.recipients()) {
    text += fmt::format("X-Envelope-To: {}\r\n", recipient.to_string());
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  text += fmt::format("Received: from {} ([{}{}])\r\n", text::printable(dialog.client_name()),
                      dialog.client().is_v4() ? "" : "IPv6:", dialog.client().to_string());
  if (!dialog.user().empty()) text += fmt::format("\t(authenticated as {})\r\n", dialog.user());
  return text + fmt::format("\tby {} with {};\r\n\t{:%a, %d %b %Y %H:%M:%S} +0000\r\n",
                            house_.home.hostname(), dialog.protocol(), now);
}

/// More of the client's bytes; false where it went or kept us waiting.
awaitable<bool> HomeSession::fill(std::size_t size) {
  const auto have = input_.size();
  input_.resize(have + size);
  stream_->expires_after(kPatience);
  const auto count = co_await stream_->read_some(std::span(input_.data() + have, size));
  input_.resize(have + (count ? *count : 0));
  co_return count && *count > 0;
}

awaitable<bool> HomeSession::flush() {
  if (output_.empty()) co_return true;
  stream_->expires_after(kPatience);
  const auto sent = co_await stream_->write(output_);
  output_.clear();
  co_return sent.has_value();
}

}  // namespace homeward::app::sandbox
