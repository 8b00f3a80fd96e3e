#include "proxy/app/sandbox/story_client.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstring>
#include <random>
#include <utility>

#include "proxy/app/sandbox/system_fault.hpp"
#include "proxy/smtp/dot_codec.hpp"
#include "proxy/smtp/reply_parser.hpp"

namespace homeward::app::sandbox {
namespace {

constexpr std::chrono::milliseconds kPatience{15'000};
constexpr const char* kName = "laptop.lan";
constexpr std::string_view kLineEnd = "\r\n";

sockaddr_in endpoint(const IpAddress& address, std::uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  std::memcpy(&made.sin_addr, address.bytes().data(), sizeof made.sin_addr);
  return made;
}

const IpAddress& loopback() {
  static const auto address = IpAddress::from_v4({127, 0, 0, 1});
  return address;
}

bool bind_to(const Descriptor& socket, const IpAddress& address, std::uint16_t port) {
  const auto local = endpoint(address, port);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) == 0;
}

bool connect_to(const Descriptor& socket, std::uint16_t port) {
  const auto remote = endpoint(loopback(), port);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&remote), sizeof remote) == 0;
}

Descriptor make_socket() {
  return Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find(kLineEnd);
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + kLineEnd.size());
  }
  return lines;
}

class Session {
 public:
  Session(Descriptor socket, int stop) : socket_(std::move(socket)), stop_(stop) {}

  /// Says `bytes` (shown as `shown`) and hears the answer. True where it was no refusal.
  Result<bool> exchange(Step step, std::string_view bytes, std::vector<std::string> shown);
  Result<bool> say(Step step, const std::string& command) {
    return exchange(step, command + std::string(kLineEnd), {command});
  }
  std::vector<Exchange> take() { return std::move(exchanges_); }

 private:
  Result<void> send(std::string_view bytes);
  Result<smtp::Reply> hear();
  Result<void> receive();

  Descriptor socket_;
  int stop_;
  smtp::ReplyParser parser_;
  std::vector<Exchange> exchanges_;
};

Result<bool> Session::exchange(Step step, std::string_view bytes, std::vector<std::string> shown) {
  if (auto sent = send(bytes); !sent) return std::unexpected(std::move(sent.error()));
  const auto reply = hear();
  if (!reply) return std::unexpected(reply.error());
  const bool accepted = reply->is_positive() || reply->is_intermediate();
  exchanges_.push_back({step, std::move(shown), split_lines(smtp::to_wire(*reply)), accepted});
  return accepted;
}

Result<void> Session::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return std::unexpected(system_fault("sending"));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<smtp::Reply> Session::hear() {
  while (true) {
    auto reply = parser_.next();
    if (!reply) return std::unexpected(std::move(reply.error()));
    if (*reply) return std::move(**reply);
    if (auto received = receive(); !received) return std::unexpected(std::move(received.error()));
  }
}

Result<void> Session::receive() {
  std::array<pollfd, 2> waited{{{socket_.get(), POLLIN, 0}, {stop_, POLLIN, 0}}};
  const int ready = poll(waited.data(), waited.size(), static_cast<int>(kPatience.count()));
  if (ready == 0) return std::unexpected(fault("No answer came in time"));
  if (waited[1].revents != 0) return std::unexpected(fault("Stopped"));
  std::array<char, 4096> buffer{};
  const auto received = recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (received < 0) return std::unexpected(system_fault("receiving"));
  if (received == 0) return std::unexpected(fault("The server closed the connection"));
  parser_.feed({buffer.data(), static_cast<std::size_t>(received)});
  return {};
}

/// The commands in order, up to the first refusal.
Result<bool> submit(Session& session, const StoryMessage& message) {
  const std::pair<Step, std::string> commands[] = {
      {Step::hello, fmt::format("EHLO {}", kName)},
      {Step::mail, fmt::format("MAIL FROM:<{}>", message.sender)},
      {Step::rcpt, fmt::format("RCPT TO:<{}>", message.recipient)},
      {Step::data, "DATA"}};
  if (auto greeted = session.exchange(Step::greeting, "", {}); !greeted || !*greeted) return greeted;
  for (const auto& [step, command] : commands) {
    if (auto said = session.say(step, command); !said || !*said) return said;
  }
  std::string wire;
  smtp::DotEncoder encoder;
  encoder.encode(message.content, wire);
  encoder.finish(wire);
  return session.exchange(Step::content, wire, split_lines(wire));
}

}  // namespace

Result<Dialogue> hold_dialogue(const Visit& visit, const StoryMessage& message) {
  auto socket = make_socket();
  if (!socket || !bind_to(socket, visit.source, 0) || !connect_to(socket, visit.port)) {
    return std::unexpected(system_fault(
        fmt::format("connecting from {} to port {} of 127.0.0.1", visit.source.to_string(), visit.port)));
  }
  Session session(std::move(socket), visit.stop);
  if (auto said = submit(session, message); !said) return std::unexpected(std::move(said.error()));
  if (auto said = session.say(Step::quit, "QUIT"); !said) return std::unexpected(std::move(said.error()));
  Dialogue dialogue;
  dialogue.exchanges = session.take();
  return dialogue;
}

bool is_answered(std::uint16_t port) {
  const auto socket = make_socket();
  return socket && connect_to(socket, port);
}

Result<std::uint16_t> find_free_port() {
  constexpr int kTries = 100;
  std::random_device random;
  std::uniform_int_distribution<std::uint16_t> ports(20'000, 32'000);
  for (int i = 0; i < kTries; ++i) {
    const auto port = ports(random);
    const auto socket = make_socket();
    if (socket && bind_to(socket, loopback(), port)) return port;
  }
  return std::unexpected(fault("No free port was found on 127.0.0.1"));
}

}  // namespace homeward::app::sandbox
