#include "proxy/smtp/client_dialog.hpp"

#include <fmt/format.h>

#include <utility>

#include "proxy/smtp/command_writer.hpp"

namespace homeward::smtp {

ClientAction ClientDialog::on_reply(const Reply& reply, std::size_t bytes_behind) {
  switch (state_) {
    case State::greeting:
      return on_greeting(reply);
    case State::ehlo:
      return on_ehlo(reply);
    case State::start_tls:
      return on_start_tls(reply, bytes_behind);
    case State::tls_handshake:
    case State::ready:
      break;
  }
  return GiveUp{make_error(Fault::protocol, 451, {4, 4, 0},
                           fmt::format("{} spoke out of turn: {}", settings_.server, reply.text()))};
}

ClientAction ClientDialog::on_tls_up() {
  in_tls_ = true;
  capabilities_ = {};  // what was offered in clear may have been anybody's (RFC 3207 §4.2)
  return say_ehlo();
}

ClientAction ClientDialog::say_ehlo() {
  state_ = State::ehlo;
  auto line = write_ehlo(settings_.hostname);
  if (!line) return GiveUp{std::move(line.error())};
  return SendCommand{std::move(*line)};
}

ClientAction ClientDialog::on_greeting(const Reply& reply) {
  if (!reply.is_positive()) return refused("its greeting", reply);
  return say_ehlo();
}

ClientAction ClientDialog::on_ehlo(const Reply& reply) {
  // No falling back to HELO: a server without EHLO has neither STARTTLS nor AUTH.
  if (!reply.is_positive()) return refused("EHLO", reply);
  capabilities_ = parse_capabilities(reply);
  if (in_tls_) {
    state_ = State::ready;
    return Ready{};
  }
  if (!capabilities_.start_tls) {
    return no_tls(
        fmt::format("{} does not offer STARTTLS: the network here may have taken it out; "
                    "nothing was sent in clear",
                    settings_.server));
  }
  state_ = State::start_tls;
  return SendCommand{"STARTTLS\r\n"};
}

ClientAction ClientDialog::on_start_tls(const Reply& reply, std::size_t bytes_behind) {
  if (reply.code != 220) {
    return no_tls(fmt::format("{} refused STARTTLS ({} {}); nothing was sent in clear", settings_.server,
                              reply.code, reply.text()));
  }
  if (bytes_behind != 0) {
    return no_tls(
        fmt::format("bytes came behind the STARTTLS reply of {}, before TLS: somebody on the network "
                    "tampers with it; nothing was sent",
                    settings_.server));
  }
  state_ = State::tls_handshake;
  return BeginTls{};
}

GiveUp ClientDialog::refused(std::string_view step, const Reply& reply) const {
  return GiveUp{
      make_error(Fault::refused, 451, {4, 4, 1},
                 fmt::format("{} refused at {}: {} {}", settings_.server, step, reply.code, reply.text()))};
}

GiveUp ClientDialog::no_tls(std::string text) const {
  return GiveUp{make_error(Fault::tls, 451, {4, 7, 5}, std::move(text))};
}

}  // namespace homeward::smtp
