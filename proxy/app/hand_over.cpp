#include "proxy/app/hand_over.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "proxy/base/text.hpp"
#include "proxy/smtp/capabilities.hpp"
#include "proxy/smtp/command_writer.hpp"
#include "proxy/smtp/dot_codec.hpp"
#include "proxy/smtp/reply_parser.hpp"

namespace homeward::app {
namespace {

/// RFC 5321 §4.5.3.2 asks for ten minutes behind the last dot; upstream may take so long before the daemon
/// answers.
constexpr timeval kPatience{11 * 60, 0};
constexpr std::size_t kBlock = 64UL * 1024;

std::string errno_text() {
  return std::generic_category().message(errno);
}

/// A TCP connection that closes itself.
class Connection {
 public:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  Connection(Connection&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Connection& operator=(Connection&&) = delete;
  ~Connection() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

socklen_t fill(sockaddr_storage& storage, const conf::SocketAddress& address) {
  const auto& bytes = address.address.bytes();
  if (address.address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    std::memcpy(&v4->sin_addr, bytes.data(), 4);
    return sizeof *v4;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(address.port);
  std::memcpy(&v6->sin6_addr, bytes.data(), 16);
  return sizeof *v6;
}

/// The first that takes us; nothing where none does, with why in `words`.
std::optional<Connection> connect_any(const std::vector<conf::SocketAddress>& addresses, std::string& words) {
  for (const auto& address : addresses) {
    sockaddr_storage storage{};
    const auto length = fill(storage, address);
    Connection connection(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    setsockopt(connection.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    setsockopt(connection.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    if (::connect(connection.descriptor(), reinterpret_cast<const sockaddr*>(&storage), length) == 0)
      return connection;
    words += fmt::format("{}{}: {}", words.empty() ? "" : "; ", address.to_string(), errno_text());
  }
  words = fmt::format("homeward can't be reached ({}): is it running? homeward status", words);
  return std::nullopt;
}

/// Our side of the dialogue. Every step gives the reply, or an Outcome that ends it.
class Dialog {
 public:
  explicit Dialog(Connection connection) : connection_(std::move(connection)) {}

  std::expected<smtp::Reply, Outcome> reply() {
    std::array<char, 4096> block{};
    while (true) {
      auto parsed = parser_.next();
      if (!parsed) return std::unexpected(Outcome{EX_PROTOCOL, parsed.error().reply.text});
      if (*parsed) return std::move(**parsed);
      const auto count = ::recv(connection_.descriptor(), block.data(), block.size(), 0);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return lost("waiting for an answer: " + errno_text());
      if (count == 0) return lost("homeward closed the connection");
      parser_.feed({block.data(), static_cast<std::size_t>(count)});
    }
  }

  std::expected<smtp::Reply, Outcome> say(std::string_view bytes) {
    if (auto sent = send(bytes); !sent) return std::unexpected(std::move(sent.error()));
    return reply();
  }

  std::expected<void, Outcome> send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(connection_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return lost("sending: " + errno_text());
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  /// Says good-bye; whatever comes of it, the message's fate is known.
  void quit() {
    if (send("QUIT\r\n")) (void)reply();
  }

 private:
  static std::unexpected<Outcome> lost(std::string words) {
    return std::unexpected(Outcome{EX_TEMPFAIL, std::move(words)});
  }

  Connection connection_;
  smtp::ReplyParser parser_;
};

std::string words_of(const smtp::Reply& reply) {
  return fmt::format("{}{}{} {}", reply.code, reply.enhanced ? " " : "",
                     reply.enhanced ? to_string(*reply.enhanced) : "", text::printable(reply.text(), 2000));
}

/// 4yz is always "later"; what 5yz means depends on where it was said.
Outcome refused(const smtp::Reply& reply, int code_if_permanent, std::string_view about = {}) {
  return {reply.is_permanent() ? code_if_permanent : EX_TEMPFAIL,
          fmt::format("{}{}{}", about, about.empty() ? "" : ": ", words_of(reply))};
}

std::expected<smtp::Capabilities, Outcome> greet(Dialog& dialog, const std::string& hostname) {
  auto greeting = dialog.reply();
  if (!greeting) return std::unexpected(std::move(greeting.error()));
  if (!greeting->is_positive()) return std::unexpected(refused(*greeting, EX_UNAVAILABLE));
  const auto ehlo = smtp::write_ehlo(hostname);
  if (!ehlo) return std::unexpected(Outcome{EX_CONFIG, ehlo.error().reply.text});
  auto offered = dialog.say(*ehlo);
  if (!offered) return std::unexpected(std::move(offered.error()));
  if (!offered->is_positive()) return std::unexpected(refused(*offered, EX_UNAVAILABLE));
  return smtp::parse_capabilities(*offered);
}

/// The envelope, command by command: there is nothing to win by pipelining over loopback. An error where one
/// recipient is refused: who is called by a program must not half-succeed.
std::expected<void, Outcome> say_envelope(Dialog& dialog, const HandOver& message,
                                          const smtp::Capabilities& offered) {
  const auto mail = smtp::write_mail(message.from, message.parameters, offered);
  if (!mail) return std::unexpected(Outcome{EX_DATAERR, mail.error().reply.text});
  auto reply = dialog.say(*mail);
  if (!reply) return std::unexpected(std::move(reply.error()));
  if (!reply->is_positive())
    return std::unexpected(refused(*reply, EX_DATAERR, "sender " + message.from.to_string()));
  for (const auto& recipient : message.to) {
    const auto rcpt = smtp::write_rcpt(recipient, offered);
    if (!rcpt) return std::unexpected(Outcome{EX_DATAERR, rcpt.error().reply.text});
    reply = dialog.say(*rcpt);
    if (!reply) return std::unexpected(std::move(reply.error()));
    if (!reply->is_positive())
      return std::unexpected(refused(*reply, EX_NOUSER, "recipient " + recipient.path.to_string()));
  }
  return {};
}

Outcome say_content(Dialog& dialog, const HandOver& message) {
  auto reply = dialog.say("DATA\r\n");
  if (!reply) return std::move(reply.error());
  if (!reply->is_intermediate()) return refused(*reply, EX_DATAERR);
  smtp::DotEncoder encoder;
  std::string block;
  for (std::string_view piece : message.content) {
    while (!piece.empty()) {
      block.clear();
      encoder.encode(piece.substr(0, kBlock), block);
      piece.remove_prefix(std::min(piece.size(), kBlock));
      if (auto sent = dialog.send(block); !sent) return std::move(sent.error());
    }
  }
  block.clear();
  encoder.finish(block);
  reply = dialog.say(block);
  if (!reply) return std::move(reply.error());
  if (!reply->is_positive()) return refused(*reply, EX_DATAERR);
  return {EX_OK, words_of(*reply)};
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Moves what is there; false at the end or where the other side takes no more.
bool move_some(int from, int to) {
  std::array<char, 16384> block{};
  const auto count = ::read(from, block.data(), block.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  return count > 0 && write_all(to, {block.data(), static_cast<std::size_t>(count)});
}

}  // namespace

std::vector<conf::SocketAddress> daemon_addresses(const conf::Config* config) {
  const auto v4 = *IpAddress::parse("127.0.0.1");
  std::vector<conf::SocketAddress> found;
  const auto listeners = config == nullptr ? std::vector<conf::Listener>{} : config->listeners;
  for (const auto& listener : listeners) {
    for (const auto& one : listener.addresses) {
      const auto* address = std::get_if<conf::SocketAddress>(&one);
      if (address == nullptr) continue;
      if (address->address.is_loopback()) found.push_back(*address);
      if (address->address.is_unspecified())
        found.push_back({address->address.is_v4() ? v4 : *IpAddress::parse("::1"), address->port});
    }
  }
  // A socket that systemd passes has a port that no configuration tells, and port 25 may have been somebody
  // else's.
  if (found.empty() || config->default_listener) found.insert(found.end(), {{v4, 25}, {v4, 2525}});
  return found;
}

Outcome hand_over(const std::vector<conf::SocketAddress>& addresses, const HandOver& message) {
  std::string words;
  auto connection = connect_any(addresses, words);
  if (!connection) return {EX_TEMPFAIL, std::move(words)};
  Dialog dialog(std::move(*connection));
  auto offered = greet(dialog, message.hostname);
  if (!offered) return std::move(offered.error());
  auto agreed = say_envelope(dialog, message, *offered);
  auto outcome = agreed ? say_content(dialog, message) : std::move(agreed.error());
  dialog.quit();
  return outcome;
}

Outcome pump(const std::vector<conf::SocketAddress>& addresses) {
  std::string words;
  auto connection = connect_any(addresses, words);
  if (!connection) return {EX_TEMPFAIL, std::move(words)};
  const int peer = connection->descriptor();
  std::array<pollfd, 2> watched{{{STDIN_FILENO, POLLIN, 0}, {peer, POLLIN, 0}}};
  while (true) {
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR)
      return {EX_OSERR, "poll: " + errno_text()};
    if (watched[0].revents != 0 && !move_some(STDIN_FILENO, peer)) {
      ::shutdown(peer, SHUT_WR);
      watched[0].fd = -1;  // poll leaves it alone from now on
    }
    if (watched[1].revents != 0 && !move_some(peer, STDOUT_FILENO)) return {};
  }
}

}  // namespace homeward::app
