// ScriptedDelivery: a delivery whose answers a test gives, and which watches over its caller: steps come in
// order, one transaction at a time, and what was begun is committed or aborted.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "proxy/delivery/delivery.hpp"

namespace homeward::test {

class ScriptedDelivery final : public delivery::Delivery {
 public:
  /// Given what is asked ("rcpt <bob@y.test>") and, at commit and abort, the content so far: the answer.
  using Ask = std::function<smtp::Reply(const std::string& call, const std::string& content)>;
  /// Told of every breach of the order of steps.
  using Breach = std::function<void(const std::string& what)>;

  ScriptedDelivery(Ask ask, Breach breach, bool show_origin)
      : ask_(std::move(ask)), breach_(std::move(breach)), show_origin_(show_origin) {}
  ScriptedDelivery(const ScriptedDelivery&) = delete;
  ScriptedDelivery& operator=(const ScriptedDelivery&) = delete;
  ~ScriptedDelivery() override { hold(state_ == State::none, "dropped with a transaction open"); }

  net::asio::awaitable<smtp::Reply> mail(mail::Envelope envelope) override {
    hold(state_ == State::none, "MAIL inside a transaction");
    hold(!envelope.id.empty(), "MAIL without a trace id");
    auto call = "mail " + envelope.from.to_string() + words_of(envelope.parameters);
    if (show_origin_) {
      call += fmt::format(" from {} ({}) by {} on {}", envelope.origin.client_name,
                          envelope.origin.client.to_string(), envelope.origin.esmtp ? "ESMTP" : "SMTP",
                          envelope.origin.listener);
    }
    auto reply = ask_(call, {});
    if (reply.is_positive()) begin();
    co_return reply;
  }
  net::asio::awaitable<smtp::Reply> rcpt(smtp::Recipient to, smtp::Ahead /*ahead*/) override {
    hold(state_ == State::envelope, "RCPT without MAIL");
    auto reply = ask_("rcpt " + to.path.to_string() + words_of(to.parameters), {});
    accepted_ |= reply.is_positive();
    co_return reply;
  }
  net::asio::awaitable<smtp::Reply> data() override {
    hold(state_ == State::envelope && accepted_, "DATA without an accepted recipient");
    auto reply = ask_("data", {});
    if (reply.is_intermediate()) state_ = State::content;
    co_return reply;
  }
  net::asio::awaitable<void> content(std::string_view block) override {
    hold(state_ == State::content, "content without DATA");
    hold(!block.empty(), "an empty block of content");
    content_ += block;
    co_return;
  }
  net::asio::awaitable<smtp::Reply> commit() override {
    hold(state_ == State::content, "commit without content");
    state_ = State::none;
    co_return ask_("commit", content_);
  }
  net::asio::awaitable<void> abort() override {
    if (std::exchange(state_, State::none) != State::none) (void)ask_("abort", content_);
    co_return;
  }

 private:
  enum class State { none, envelope, content };

  static std::string words_of(const smtp::MailParameters& parameters) {
    std::string out;
    if (parameters.size) out += fmt::format(" SIZE={}", *parameters.size);
    if (parameters.body) {
      out += *parameters.body == smtp::BodyType::eight_bit_mime ? " BODY=8BITMIME" : " BODY=7BIT";
    }
    if (parameters.auth_given) out += " AUTH";
    if (parameters.ret) out += *parameters.ret == smtp::ReturnContent::full ? " RET=FULL" : " RET=HDRS";
    if (!parameters.envelope_id.empty()) out += " ENVID=" + parameters.envelope_id;
    return out;
  }
  static std::string words_of(const smtp::RcptParameters& parameters) {
    std::string out;
    if (parameters.notify) out += " NOTIFY=" + smtp::to_string(*parameters.notify);
    if (!parameters.original_recipient.empty()) out += " ORCPT=" + parameters.original_recipient;
    return out;
  }
  void begin() {
    state_ = State::envelope;
    accepted_ = false;
    content_.clear();
  }
  void hold(bool promise, const char* what) const {
    if (!promise) breach_(what);
  }

  Ask ask_;
  Breach breach_;
  bool show_origin_;
  State state_ = State::none;
  bool accepted_ = false;
  std::string content_;
};

}  // namespace homeward::test
