// The HTTP server on a Unix socket: its limits, and that nothing which is sent to it does harm. RFC 9112.
#include "proxy/net/http.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <thread>

#include "tests/support/catch.hpp"

namespace homeward::net {
namespace {

namespace fs = std::filesystem;

asio::awaitable<HttpResponse> echo(HttpRequest request) {
  if (request.target == "/throw") throw std::runtime_error("as asked");
  if (request.target == "/gone") {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int waits = 0; waits < 200 && !request.peer_is_gone(); ++waits) {
      timer.expires_after(std::chrono::milliseconds{20});
      (void)co_await timer.async_wait(kNoThrow);
    }
  }
  co_return HttpResponse{200, "text/plain", request.method + " " + request.target + " " + request.body};
}

/// A server on a thread of its own, and raw connections to it.
class Bench {
 public:
  explicit Bench(HttpLimits limits = {})
      : folder_((fs::temp_directory_path() / "homeward-http-XXXXXX").string()),
        supervisor_(context_.get_executor()),
        server_(supervisor_, echo, limits) {
    if (mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("mkdtemp");
    if (auto opened = server_.open(socket()); !opened) throw std::runtime_error(opened.error().reply.text);
    thread_ = std::thread([this] { context_.run(); });
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() {
    asio::post(context_, [this] { server_.close(); });
    thread_.join();
    fs::remove_all(folder_);
  }
  fs::path folder() const { return folder_; }
  fs::path socket() const { return fs::path(folder_) / "run" / "x.sock"; }

 private:
  std::string folder_;
  asio::io_context context_;
  Supervisor supervisor_;
  HttpServer server_;
  std::thread thread_;
};

class Raw {
 public:
  explicit Raw(const fs::path& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const timeval patience{10, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw() { ::close(socket_); }

  bool connected() const { return connected_; }
  void send(std::string_view bytes) const { (void)::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  /// What comes until the server closes, or `until` has come.
  std::string read(std::string_view until = {}) const {
    std::string all;
    char block[4096];
    while (until.empty() || !all.contains(until)) {
      const auto count = ::recv(socket_, block, sizeof block, 0);
      if (count <= 0) break;
      all.append(block, static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  int socket_;
  bool connected_ = false;
};

TEST_CASE("http: requests on one connection are answered one after the other") {
  const Bench bench;
  const Raw raw(bench.socket());
  raw.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  const auto said = raw.read("POST /b abc");
  CHECK(said.contains("GET /a "));
  CHECK(said.contains("POST /b abc"));
  raw.send("GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(raw.read().contains("GET /c "));
}

TEST_CASE("http: what is no request, or too large, is answered and closed") {
  struct Case {
    std::string sent;
    std::string_view answer;
  };
  const std::string garbage("\x16\x03\x01\x00\xff", 5);
  const auto c = GENERATE_COPY(
      Case{"EHLO x\r\n\r\n", "HTTP/1.1 400"}, Case{garbage + "\r\n\r\n", "HTTP/1.1 400"},
      Case{"GET /a HTTP/9.9\r\n\r\n", "HTTP/1.1 400"},
      Case{"GET /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400"},
      Case{"POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc", "HTTP/1.1 400"},
      Case{"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n", "HTTP/1.1 431"},
      Case{"GET /a HTTP/1.1\r\nX: " + std::string(9000, 'a') + "\r\n\r\n", "HTTP/1.1 431"},
      Case{"POST /a HTTP/1.1\r\nContent-Length: 70000\r\n\r\n", "HTTP/1.1 413"},
      Case{"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n", "HTTP/1.1 413"});
  const Bench bench;
  const Raw raw(bench.socket());
  CAPTURE(c.sent.substr(0, 60));
  raw.send(c.sent);
  const auto said = raw.read();  // until it closes
  CHECK(said.starts_with(c.answer));
  CHECK(said.contains("\"error\""));
  const Raw next(bench.socket());
  next.send("GET /alive HTTP/1.0\r\n\r\n");
  CHECK(next.read().contains("GET /alive"));
}

TEST_CASE("http: a body at the limit is taken") {
  const Bench bench;
  const Raw raw(bench.socket());
  raw.send("POST /a HTTP/1.0\r\nContent-Length: 65536\r\n\r\n" + std::string(65536, 'b'));
  CHECK(raw.read().contains(std::string(65536, 'b')));
}

TEST_CASE("http: who is slow with a request is closed in time") {
  HttpLimits limits;
  limits.time = std::chrono::milliseconds{300};
  const Bench bench(limits);
  const Raw raw(bench.socket());
  const auto begun = std::chrono::steady_clock::now();
  for (int at = 0; at < 4; ++at) {  // each octet comes in time, the request doesn't
    raw.send("G");
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  (void)raw.read();
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{3});
}

TEST_CASE("http: beyond the most connections there is 503, and room again when one goes") {
  HttpLimits limits;
  limits.connections = 2;
  const Bench bench(limits);
  auto first = std::make_unique<Raw>(bench.socket());
  const Raw second(bench.socket());
  first->send("GET /1 HTTP/1.1\r\n\r\n");
  second.send("GET /2 HTTP/1.1\r\n\r\n");
  CHECK(first->read("GET /1").contains("200"));
  CHECK(second.read("GET /2").contains("200"));
  CHECK(Raw(bench.socket()).read().starts_with("HTTP/1.1 503"));
  first.reset();
  std::string said;
  for (int tries = 0; tries < 100 && !said.contains("GET /3"); ++tries) {
    const Raw third(bench.socket());
    third.send("GET /3 HTTP/1.0\r\n\r\n");
    said = third.read();
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  CHECK(said.contains("GET /3"));
}

TEST_CASE("http: a handler that throws is a 500, and the next one is answered") {
  const Bench bench;
  const Raw raw(bench.socket());
  raw.send("GET /throw HTTP/1.1\r\n\r\n");
  const auto said = raw.read("}");
  CHECK(said.starts_with("HTTP/1.1 500"));
  CHECK_FALSE(said.contains("as asked"));
  raw.send("GET /next HTTP/1.0\r\n\r\n");
  CHECK(raw.read().contains("GET /next"));
}

TEST_CASE("http: a handler hears that its peer is gone") {
  HttpLimits limits;
  limits.connections = 1;
  const Bench bench(limits);
  {
    const Raw raw(bench.socket());
    raw.send("GET /gone HTTP/1.1\r\n\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  const Raw next(bench.socket());  // the place is free well before the handler's own four seconds
  next.send("GET /next HTTP/1.0\r\n\r\n");
  CHECK(next.read().contains("GET /next"));
}

TEST_CASE("http: HEAD has no body") {
  const Bench bench;
  const Raw raw(bench.socket());
  raw.send("HEAD /a HTTP/1.1\r\n\r\n");
  CHECK(raw.read().ends_with("\r\n\r\n"));
}

/// Even where the file's mode lets everybody in, a stranger's user is turned away.
TEST_CASE("http: another user is turned away") {
  if (geteuid() != 0) {
    WARN("not root: can't become another user");
    return;
  }
  const Bench bench;
  fs::permissions(bench.folder(), fs::perms{0755});
  fs::permissions(bench.socket().parent_path(), fs::perms{0755});
  fs::permissions(bench.socket(), fs::perms{0666});
  const auto ask_as = [&](uid_t user) {
    const auto child = fork();
    if (child == 0) {
      if (user != 0 && (setgid(65534) != 0 || setuid(user) != 0)) _exit(3);
      const Raw raw(bench.socket());
      if (!raw.connected()) _exit(2);
      raw.send("GET /a HTTP/1.0\r\n\r\n");
      _exit(raw.read().contains("GET /a") ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  CHECK(ask_as(0) == 0);
  CHECK(ask_as(65534) == 1);
}

}  // namespace
}  // namespace homeward::net
