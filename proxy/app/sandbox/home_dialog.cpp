#include "proxy/app/sandbox/home_dialog.hpp"

#include <fmt/format.h>

#include <utility>

#include "proxy/base/base64.hpp"
#include "proxy/base/text.hpp"

namespace homeward::app::sandbox {
namespace {

using smtp::make_reply;
using smtp::Reply;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

std::vector<std::string> mechanisms() {
  return {"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"};
}

Reply bad_sequence(std::string text) {
  return make_reply(503, {5, 5, 1}, std::move(text));
}

Reply unknown_parameter(std::string_view keyword) {
  return make_reply(555, {5, 5, 4}, fmt::format("{} is not known here: DSN is not offered", keyword));
}

HomeAnswer close_with(Reply reply) {
  return {std::move(reply), HomeNext::close};
}

}  // namespace

HomeDialog::HomeDialog(const Home& home, HomePort port, IpAddress client)
    : home_(home), port_(port), client_(client) {}

HomeAnswer HomeDialog::start() const {
  return {make_reply(220, home_.hostname() + " ESMTP")};
}

HomeAnswer HomeDialog::on_line(const smtp::LineEvent& event) {
  if (event.too_long || event.end == smtp::LineEnd::bare_lf) {
    login_ = Login::none;
    return refuse(make_reply(500, {5, 5, 2}, event.too_long ? "Line too long" : "Lines end with CR LF"));
  }
  if (login_ != Login::none) return on_response(event.line);
  const auto parsed = smtp::parse_command(event.line, {});
  if (!parsed) return refuse(make_reply(parsed.error().reply));
  return on_command(parsed->command, event.more);
}

void HomeDialog::on_tls_up(std::optional<auth::ChannelBinding> binding) {
  end_transaction();
  state_ = State::before_hello;
  client_name_.clear();
  in_tls_ = true;
  sasl_.emplace(home_, home_.hostname(), mechanisms(), std::move(binding));
}

HomeAnswer HomeDialog::on_content(Reply reply) {
  end_transaction();
  return {std::move(reply)};
}

std::string_view HomeDialog::protocol() const {
  if (!esmtp_) return "SMTP";
  if (!in_tls_) return "ESMTP";
  return user_.empty() ? "ESMTPS" : "ESMTPSA";
}

HomeAnswer HomeDialog::on_command(const smtp::Command& command, bool more) {
  return std::visit(
      Overloaded{
          [&](const smtp::Ehlo& ehlo) { return hello(ehlo.client_name, true); },
          [&](const smtp::Helo& helo) { return hello(helo.client_name, false); },
          [&](const smtp::Mail& arguments) { return mail(arguments); },
          [&](const smtp::Rcpt& arguments) { return rcpt(arguments.to); },
          [&](const smtp::DataCommand&) { return data(more); },
          [&](const smtp::StartTls&) { return start_tls(more); },
          [&](const smtp::Auth& arguments) { return auth(arguments, more); },
          [&](const smtp::Rset&) -> HomeAnswer {
            end_transaction();
            return {make_reply(250, {2, 0, 0}, "OK")};
          },
          [&](const smtp::Noop&) -> HomeAnswer { return {make_reply(250, {2, 0, 0}, "OK")}; },
          [&](const smtp::Vrfy&) -> HomeAnswer { return {make_reply(252, {2, 5, 0}, "Send it and see")}; },
          [&](const smtp::Quit&) { return close_with(make_reply(221, {2, 0, 0}, "Bye")); },
          [&](const smtp::Help&) -> HomeAnswer {
            return {make_reply(214, {2, 0, 0}, "A home provider in a box: homeward sandbox")};
          },
          [&](const smtp::Expn&) { return refuse(make_reply(502, {5, 5, 1}, "No lists here")); },
          [&](const smtp::HttpVerb&) {
            return close_with(make_reply(421, {4, 7, 0}, "This is a mail server, not a web server"));
          },
      },
      command);
}

HomeAnswer HomeDialog::hello(const std::string& name, bool esmtp) {
  end_transaction();
  state_ = State::ready;
  client_name_ = name;
  esmtp_ = esmtp;
  if (!esmtp) return {make_reply(250, home_.hostname())};
  auto text = fmt::format("{}\nPIPELINING\nSIZE {}\n8BITMIME\nENHANCEDSTATUSCODES", home_.hostname(),
                          home_.max_message_size());
  if (port_ == HomePort::submission && !in_tls_) text += "\nSTARTTLS";
  if (sasl_) {
    if (const auto offered = sasl_->offered(); !offered.empty()) text += "\nAUTH " + text::join(offered, " ");
  }
  return {make_reply(250, std::move(text))};
}

HomeAnswer HomeDialog::mail(const smtp::Mail& mail) {
  if (port_ != HomePort::relay && user_.empty()) {
    return refuse(make_reply(530, {5, 7, 0}, "Authentication required"));
  }
  if (state_ == State::before_hello) return refuse(bad_sequence("Say EHLO or HELO first"));
  if (state_ != State::ready) return refuse(bad_sequence("MAIL was given already"));
  if (mail.parameters.ret) return refuse(unknown_parameter("RET"));
  if (!mail.parameters.envelope_id.empty()) return refuse(unknown_parameter("ENVID"));
  if (mail.parameters.size.value_or(0) > home_.max_message_size()) {
    return refuse(make_reply(552, {5, 3, 4}, "Message too large"));
  }
  if (port_ != HomePort::relay && !mail.from.is_null() && *mail.from.mailbox != home_.address()) {
    return refuse(make_reply(
        553, {5, 7, 1},
        fmt::format("{}: Sender address rejected: not owned by user {}", mail.from.to_string(), user_)));
  }
  state_ = State::transaction;
  sender_ = mail.from;
  return {make_reply(250, {2, 1, 0}, "Sender OK")};
}

HomeAnswer HomeDialog::rcpt(const smtp::Recipient& recipient) {
  const auto& [to, parameters] = recipient;
  if (state_ != State::transaction) return refuse(bad_sequence("MAIL first"));
  if (parameters.notify) return refuse(unknown_parameter("NOTIFY"));
  if (!parameters.original_recipient.empty()) return refuse(unknown_parameter("ORCPT"));
  // The words that sent so many people looking for a cure; sendmail's, without an enhanced code.
  if (!may_relay(to)) return refuse(make_reply(550, to.to_string() + "... Relaying Denied"));
  if (recipients_.size() >= home_.max_recipients()) {
    return refuse(make_reply(452, {4, 5, 3}, "Too many recipients"));
  }
  recipients_.push_back(to);
  return {make_reply(250, {2, 1, 5}, "Recipient OK")};
}

/// Local mail is always taken; mail for the world, from those the provider knows: by network or by login.
bool HomeDialog::may_relay(const smtp::ForwardPath& to) const {
  if (!to.mailbox || to.mailbox->domain() == home_.domain()) return true;
  return port_ == HomePort::relay ? home_.own_network().contains(client_) : !user_.empty();
}

HomeAnswer HomeDialog::data(bool more) {
  if (state_ != State::transaction) return refuse(bad_sequence("MAIL first"));
  if (recipients_.empty()) return refuse(make_reply(554, {5, 5, 1}, "No valid recipients"));
  // What came early could be content to one party and commands to another (safety.md 2.1).
  if (more) return close_with(bad_sequence("Content came before 354"));
  state_ = State::content;
  return {make_reply(354, "End with a dot on a line of its own"), HomeNext::read_content};
}

HomeAnswer HomeDialog::start_tls(bool more) {
  if (in_tls_) return refuse(bad_sequence("TLS is up already"));
  if (port_ != HomePort::submission) return refuse(make_reply(502, {5, 5, 1}, "STARTTLS is not offered"));
  if (more) return close_with(bad_sequence("Nothing may follow STARTTLS before the handshake"));
  return {make_reply(220, {2, 0, 0}, "Ready to start TLS"), HomeNext::start_tls};
}

HomeAnswer HomeDialog::auth(const smtp::Auth& auth, bool more) {
  if (port_ == HomePort::relay) return refuse(make_reply(502, {5, 5, 1}, "AUTH is not offered"));
  if (!sasl_) return refuse(make_reply(530, {5, 7, 0}, "Must issue a STARTTLS command first"));
  if (state_ != State::ready) return refuse(bad_sequence("AUTH comes after EHLO and outside a transaction"));
  if (!user_.empty()) return refuse(bad_sequence("Logged in already"));
  if (more) return close_with(bad_sequence("Nothing may follow AUTH before its answer"));
  std::optional<std::string> response;
  if (auth.initial_response) {
    response = base64::decode(*auth.initial_response);
    if (!response) return refuse(make_reply(501, {5, 5, 2}, "The response is not base64"));
  }
  return on_login_step(sasl_->start(auth.mechanism, response));
}

/// A line inside a login. RFC 4954 §4: "*" gives it up.
HomeAnswer HomeDialog::on_response(std::string_view line) {
  const auto login = std::exchange(login_, Login::none);
  if (line == "*") return refuse(make_reply(501, {5, 7, 0}, "Authentication canceled"));
  const auto response = base64::decode(line);
  if (!response) return refuse(make_reply(501, {5, 5, 2}, "The response is not base64"));
  if (login == Login::challenged) return on_login_step(sasl_->next(*response));
  if (!response->empty()) return refuse(make_reply(501, {5, 5, 2}, "Nothing was left to say"));
  return logged_in();
}

HomeAnswer HomeDialog::on_login_step(Result<auth::SaslServer::Step> step) {
  if (!step) {
    const bool too_many = step.error().reply.code == 535 && ++refused_logins_ >= kMaxLogins;
    if (too_many) return close_with(make_reply(421, {4, 7, 0}, "Too many failed logins"));
    return refuse(make_reply(step.error().reply));
  }
  if (!step->done) {
    login_ = Login::challenged;
    return {make_reply(334, base64::encode(step->challenge))};
  }
  candidate_ = step->user;
  if (step->challenge.empty()) return logged_in();
  // SCRAM's server proves itself too, by a challenge that the client answers with an empty line.
  login_ = Login::last_word;
  return {make_reply(334, base64::encode(step->challenge))};
}

HomeAnswer HomeDialog::logged_in() {
  user_ = std::exchange(candidate_, {});
  return {make_reply(235, {2, 7, 0}, "Authentication successful")};
}

HomeAnswer HomeDialog::refuse(Reply reply) {
  if (++errors_ < kMaxErrors) return {std::move(reply)};
  return close_with(make_reply(421, {4, 7, 0}, "Too many errors"));
}

void HomeDialog::end_transaction() {
  if (state_ != State::before_hello) state_ = State::ready;
  sender_ = {};
  recipients_.clear();
}

}  // namespace homeward::app::sandbox
