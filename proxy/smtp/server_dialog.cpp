#include "proxy/smtp/server_dialog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace homeward::smtp {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

constexpr std::string_view kHelp =
    "homeward relays mail of its accounts; no login is needed here.\n"
    "Commands: EHLO HELO MAIL RCPT DATA RSET NOOP HELP VRFY QUIT";

Reply bad_sequence(std::string text) {
  return make_reply(503, {5, 5, 1}, std::move(text));
}

}  // namespace

Action ServerDialog::start() const {
  return Say{make_reply(220, fmt::format("{} ESMTP homeward", settings_.hostname))};
}

Action ServerDialog::on(const Event& event) {
  return std::visit(Overloaded{
                        [&](const LineEvent& line) { return on_line(line); },
                        [&](const StepDone& done) { return on_step_done(done.reply); },
                        [&](const ContentDone& done) -> Action {
                          end_transaction();
                          errors_ = 0;  // it is a mail program after all
                          return Say{done.reply};
                        },
                    },
                    event);
}

Action ServerDialog::on_line(const LineEvent& event) {
  if (event.too_long) return refuse(make_reply(500, {5, 5, 2}, "Line too long"));
  if (event.end == LineEnd::bare_lf) {
    const auto refusal = make_reply(500, {5, 5, 2}, "Line ended by LF alone: end lines with CR LF");
    // What stands behind a bare LF may be one party's argument and another's command: none of it is
    // obeyed, so there is no going on (safety.md 2.1).
    if (event.more) return Say{refusal, Next::close, true};
    if (!settings_.tolerate.has(Quirk::bare_lf)) return refuse(refusal);
    seen_.add(Quirk::bare_lf);
  }
  auto parsed = parse_command(event.line, settings_.tolerate);
  if (!parsed) return refuse(make_reply(parsed.error().reply));
  for (const auto& [quirk, name] : kQuirkNames) {
    if (parsed->seen.has(quirk)) seen_.add(quirk);
  }
  return on_command(parsed->command, event.more);
}

Action ServerDialog::on_command(const Command& command, bool more) {
  return std::visit(
      Overloaded{
          [&](const Ehlo& ehlo) { return hello(ehlo.client_name, true); },
          [&](const Helo& helo) { return hello(helo.client_name, false); },
          [&](const Mail& arguments) { return mail(arguments); },
          [&](const Rcpt& arguments) { return rcpt(arguments); },
          [&](const DataCommand&) { return data(more); },
          [&](const Rset&) -> Action {
            const bool reset = in_transaction();
            end_transaction();
            return Say{make_reply(250, {2, 0, 0}, "Forgotten"), Next::read_line, reset};
          },
          [&](const Noop&) -> Action { return Say{make_reply(250, {2, 0, 0}, "OK")}; },
          [&](const Quit&) -> Action { return Say{make_reply(221, {2, 0, 0}, "Bye"), Next::close, true}; },
          [&](const Help&) -> Action { return Say{make_reply(214, {2, 0, 0}, std::string(kHelp))}; },
          [&](const Vrfy&) -> Action {
            return Say{
                make_reply(252, {2, 5, 0}, "Addresses are not verified here; send the message and see")};
          },
          [&](const Expn&) { return refuse(make_reply(502, {5, 5, 1}, "Lists are not expanded here")); },
          [&](const StartTls&) {
            return refuse(
                make_reply(502, {5, 5, 1}, "TLS is not offered here: switch it off for this server"));
          },
          [&](const Auth&) {
            return refuse(
                make_reply(502, {5, 5, 1}, "No login is needed here: switch it off for this server"));
          },
          [&](const HttpVerb&) -> Action {
            return Say{make_reply(421, {4, 7, 0}, "This is a mail server, not a web server"), Next::close,
                       true};
          },
      },
      command);
}

// RFC 5321 §4.1.4: EHLO or HELO may come again and then resets everything.
Action ServerDialog::hello(const std::string& name, bool esmtp) {
  const bool reset = in_transaction();
  end_transaction();
  state_ = State::ready;
  client_name_ = name;
  esmtp_ = esmtp;
  if (!esmtp) return Say{make_reply(250, settings_.hostname), Next::read_line, reset};
  return Say{make_reply(250, fmt::format("{}\nPIPELINING\nSIZE {}\n8BITMIME\nENHANCEDSTATUSCODES\nDSN\nHELP",
                                         settings_.hostname, settings_.max_message_size)),
             Next::read_line, reset};
}

Action ServerDialog::mail(const Mail& mail) {
  if (state_ == State::before_hello) return refuse(bad_sequence("Say EHLO or HELO first"));
  if (state_ != State::ready) return refuse(bad_sequence("One message at a time: MAIL was given already"));
  if (mail.parameters.size && *mail.parameters.size > settings_.max_message_size) {
    return refuse(make_reply(552, {5, 3, 4},
                             fmt::format("Message of {} octets is too large: at most {} are taken here",
                                         *mail.parameters.size, settings_.max_message_size)));
  }
  state_ = State::mail_asked;
  return MailStep{mail};
}

Action ServerDialog::rcpt(const Rcpt& rcpt) {
  if (state_ != State::transaction) return refuse(bad_sequence("Name the sender by MAIL first"));
  if (accepted_ >= settings_.max_recipients || refused_ >= kMaxRefusedRecipients) {
    // No error that counts: who has a long list goes on with the message for those before (§4.5.3.1.10).
    return Say{make_reply(452, {4, 5, 3},
                          fmt::format("Too many recipients: at most {} a message; send the rest in another",
                                      settings_.max_recipients))};
  }
  state_ = State::rcpt_asked;
  return RcptStep{rcpt.to};
}

std::size_t ServerDialog::recipients_left() const {
  if (state_ != State::transaction && state_ != State::rcpt_asked) return 0;
  const unsigned asked = state_ == State::rcpt_asked ? 1 : 0;  // it may come to be either
  const auto left = [asked](unsigned limit, unsigned used) {
    return limit > used + asked ? limit - used - asked : 0U;
  };
  return std::min(left(settings_.max_recipients, accepted_), left(kMaxRefusedRecipients, refused_));
}

Action ServerDialog::data(bool more) {
  if (more) {
    // What came early could be read as content by one party and as commands by another; also where DATA is
    // refused, and the content would run as commands. RFC 2920 §3.1: DATA ends a group.
    end_transaction();
    return Say{make_reply(503, {5, 5, 1}, "Content came before it was asked for by 354"), Next::close, true};
  }
  if (state_ != State::transaction) return refuse(bad_sequence("Name the sender by MAIL first"));
  if (accepted_ == 0) {
    if (refused_ > 0) return Say{make_reply(554, {5, 5, 1}, "No recipient was accepted")};
    return refuse(bad_sequence("Name a recipient by RCPT first"));
  }
  state_ = State::data_asked;
  return DataStep{};
}

Action ServerDialog::on_step_done(const Reply& reply) {
  switch (state_) {
    case State::mail_asked:
      state_ = reply.is_positive() ? State::transaction : State::ready;
      break;
    case State::rcpt_asked:
      state_ = State::transaction;
      ++(reply.is_positive() ? accepted_ : refused_);
      break;
    case State::data_asked:
      if (reply.is_intermediate()) {
        state_ = State::content;
        return Say{reply, Next::read_content};
      }
      end_transaction();
      return Say{reply, Next::read_line, true};
    case State::before_hello:
    case State::ready:
    case State::transaction:
    case State::content:
      break;
  }
  return Say{reply};
}

Action ServerDialog::refuse(Reply reply) {
  if (++errors_ < kMaxErrors) return Say{std::move(reply)};
  return Say{make_reply(421, {4, 7, 0}, "Too many errors"), Next::close, true};
}

void ServerDialog::end_transaction() {
  if (state_ != State::before_hello) state_ = State::ready;
  accepted_ = 0;
  refused_ = 0;
}

}  // namespace homeward::smtp
