#include "tests/bench/load/client.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

#include "tests/bench/base64.hpp"

namespace bench {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
  const int on = 1;
  if (::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("TCP_NODELAY");
  return socket;
}

}  // namespace

std::unique_ptr<SSL_CTX, FreeTls> make_tls_context(const Door& door) {
  if (door.security == Security::none) return nullptr;
  std::unique_ptr<SSL_CTX, FreeTls> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context.get(), door.ca.c_str(), nullptr) != 1)
    throw std::runtime_error(fmt::format("no certificates in {}", door.ca));
  return context;
}

Client::Client(const Door& door, SSL_CTX* context)
    : door_(door), context_(context), socket_(connect_to(door.port)) {
  constexpr std::string_view kHello = "EHLO client.bench.test\r\n";
  if (door.security == Security::implicit) start_tls();
  expect(220);
  say(kHello, 250);
  if (door.security == Security::starttls) {
    say("STARTTLS\r\n", 220);
    start_tls();
    say(kHello, 250);
  }
  if (!door.user.empty()) log_in();
}

Client::~Client() {
  ::close(socket_);
}

void Client::start_tls() {
  tls_.reset(SSL_new(context_));
  SSL_set_fd(tls_.get(), socket_);
  SSL_set_tlsext_host_name(tls_.get(), "localhost");
  SSL_set1_host(tls_.get(), "localhost");
  if (SSL_connect(tls_.get()) != 1) throw std::runtime_error("no TLS");
}

void Client::log_in() {
  say(fmt::format("AUTH PLAIN {}\r\n", base64('\0' + door_.user + '\0' + door_.password)), 235);
}

Client::Sent Client::send(const Letter& letter) {
  Sent sent;
  sent.began = Clock::now();
  sent.code = open_transaction(recipient_of(letter.id));
  if (sent.code == 354) {
    write(letter.wire);
    sent.written = Clock::now();
    sent.code = reply();
  } else {
    say("RSET\r\n", 250);
  }
  sent.ended = Clock::now();
  return sent;
}

/// 354, or the code that refused.
int Client::open_transaction(std::string_view recipient) {
  const std::string mail = "MAIL FROM:<ann@provider.test>\r\n";
  const auto rcpt = fmt::format("RCPT TO:<{}>\r\n", recipient);
  if (door_.pipelining) return open_pipelined(mail, rcpt);
  for (const auto& command : {mail, rcpt}) {
    write(command);
    if (const int code = reply(); code != 250) return code;
  }
  write("DATA\r\n");
  return reply();
}

int Client::open_pipelined(const std::string& mail, const std::string& recipient) {
  write(mail + recipient + "DATA\r\n");
  const int sender = reply();
  const int taken = reply();
  const int data = reply();
  if (sender == 250 && taken == 250) return data;
  if (data == 354) {  // RFC 2920 §3.1: nobody is there to get it, but the content must end
    write(".\r\n");
    reply();
  }
  return sender != 250 ? sender : taken;
}

void Client::say(std::string_view octets, int code) {
  write(octets);
  expect(code);
}

void Client::expect(int code) {
  if (reply() != code) throw std::runtime_error(fmt::format("got {}, not {}", last_, code));
}

/// The code of the next reply, all its lines read.
int Client::reply() {
  std::size_t line = 0;
  while (true) {
    const auto end = unread_.find('\n', line);
    if (end == std::string::npos) {
      char buffer[4096];
      unread_.append(&buffer[0], read(&buffer[0], sizeof buffer));
      continue;
    }
    const bool last = unread_.size() > line + 3 && unread_[line + 3] != '-';
    line = end + 1;
    if (last) break;
  }
  last_ = unread_.substr(0, line);
  unread_.erase(0, line);
  int code = 0;
  std::from_chars(last_.data(), last_.data() + last_.size(), code);
  if (code < 200) throw std::runtime_error(fmt::format("no reply: {}", last_));
  return code;
}

void Client::write(std::string_view octets) {
  if (tls_) {
    std::size_t written = 0;
    if (SSL_write_ex(tls_.get(), octets.data(), octets.size(), &written) != 1)
      throw std::runtime_error("the TLS connection ended");
    return;
  }
  while (!octets.empty()) {
    const auto sent = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t Client::read(char* into, std::size_t size) {
  if (tls_) {
    std::size_t came = 0;
    if (SSL_read_ex(tls_.get(), into, size, &came) != 1) throw std::runtime_error("the TLS connection ended");
    return came;
  }
  const auto came = ::recv(socket_, into, size, 0);
  if (came < 0) fail("recv");
  if (came == 0) throw std::runtime_error(fmt::format("the connection ended; last was {}", last_));
  return static_cast<std::size_t>(came);
}

}  // namespace bench
