#include "proxy/upstream/login_dialog.hpp"

#include <fmt/format.h>

#include <utility>

#include "proxy/base/base64.hpp"

namespace homeward::upstream {
namespace {

/// An AUTH command with its initial response must fit a command line; else the response waits for 334.
/// RFC 4954 §4.
constexpr std::size_t kMaxCommandLine = 512;

auth::SaslIdentity copy(const auth::SaslIdentity& identity) {
  return {identity.host, identity.login, identity.authorization, identity.password.clone(), identity.binding};
}

Secret encoded_line(const Secret& response) {
  return Secret(base64::encode(response.reveal()) + "\r\n");
}

/// The server can't do this mechanism, or not so: the next one may be tried. RFC 4954 §4, RFC 5321 §4.2.2.
bool means_cannot_be_done(int code) {
  return code == 500 || code == 501 || code == 502 || code == 504;
}

}  // namespace

LoginDialog::LoginDialog(auth::SaslIdentity identity, std::vector<std::string> mechanisms)
    : identity_(std::move(identity)), mechanisms_(std::move(mechanisms)) {}

LoginAction LoginDialog::try_next() {
  deferred_.reset();
  canceled_ = false;
  while (next_ < mechanisms_.size()) {
    mechanism_ = mechanisms_[next_++];
    client_.emplace(copy(identity_));
    auto initial = client_->start(mechanism_);
    if (!initial) {
      why_not_ = fmt::format("{}: {}", mechanism_, initial.error().reply.text);
      continue;
    }
    std::string line;
    line.reserve(kMaxCommandLine);  // it never moves, so that wiping it leaves no copy behind
    line.append("AUTH ").append(mechanism_);
    if (*initial) {
      // An empty initial response is written "=".
      std::string response = (*initial)->empty() ? "=" : base64::encode((*initial)->reveal());
      if (line.size() + response.size() + 3 <= kMaxCommandLine) {
        line += ' ';
        line += response;
      } else {
        deferred_ = std::move(**initial);
      }
      wipe(response);
    }
    return SendSecret{Secret(std::move(line += "\r\n"))};
  }
  return LoginFailed{make_error(Fault::refused, 451, {4, 7, 0}, "no way to log in worked; " + why_not_)};
}

LoginAction LoginDialog::on_reply(const smtp::Reply& reply) {
  if (canceled_) return try_next();
  if (reply.is_intermediate()) return on_challenge(reply);
  if (reply.is_positive()) return on_success();
  return on_refusal(reply);
}

LoginAction LoginDialog::on_challenge(const smtp::Reply& reply) {
  if (deferred_) {
    const Secret response = std::move(*std::exchange(deferred_, std::nullopt));
    return SendSecret{encoded_line(response)};
  }
  const auto challenge = base64::decode(reply.lines.front());
  if (!challenge) return cancel_exchange("the server's challenge is not base64");
  auto response = client_->next(*challenge);
  if (!response) {
    // A server that failed to prove itself gets no second try, and no plain password (RFC 5802 §5.1).
    if (response.error().fault == Fault::login) return LoginFailed{std::move(response.error())};
    return cancel_exchange(response.error().reply.text);
  }
  return SendSecret{encoded_line(*response)};
}

LoginAction LoginDialog::on_success() {
  if (client_->complete()) return LoggedIn{mechanism_};
  return LoginFailed{
      make_error(Fault::protocol, 451, {4, 7, 0},
                 fmt::format("the server accepted the login by {} without proving that it knows the "
                             "password: it may not be the one it says it is",
                             mechanism_))};
}

LoginAction LoginDialog::on_refusal(const smtp::Reply& reply) {
  const auto said = fmt::format("{} {}", reply.code, reply.text());
  if (reply.is_transient()) {
    return LoginFailed{make_error(Fault::refused, 451, {4, 7, 0}, "no login now: " + said)};
  }
  if (means_cannot_be_done(reply.code)) {
    why_not_ = fmt::format("{}: {}", mechanism_, said);
    return try_next();
  }
  return LoginFailed{make_error(Fault::login, 451, {4, 7, 0},
                                fmt::format("login as {} refused: {}", identity_.login, said))};
}

LoginAction LoginDialog::cancel_exchange(std::string why) {
  why_not_ = fmt::format("{}: {}", mechanism_, why);
  canceled_ = true;
  return SendSecret{Secret(std::string("*\r\n"))};
}

}  // namespace homeward::upstream
