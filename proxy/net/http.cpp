// The only file that sees Beast. One connection is one frame: read a request, ask the handler, write the
// answer, and again. The watchdog closes the socket of whoever is slow; what was pending then ends.
#include "proxy/net/http.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <exception>
#include <list>
#include <optional>
#include <string_view>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/base/text.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/faults.hpp"
#include "proxy/net/local_listener.hpp"

namespace homeward::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr unsigned kVersion = 11;
constexpr std::size_t kReadAhead = 64UL * 1024;
constexpr std::size_t kMaxKept = 16UL * 1024 * 1024;
constexpr std::size_t kBlock = 64UL * 1024;

/// A socket and who closes it in time.
class Connection {
 public:
  Connection(LocalSocket socket, uid_t peer)
      : socket_(std::move(socket)), peer_(peer), watchdog_(socket_.get_executor(), [this] { close(); }) {}

  LocalSocket& socket() { return socket_; }
  uid_t peer() const { return peer_; }
  Watchdog& watchdog() { return watchdog_; }
  void close() {
    error_code ignored;  // a socket that is gone already is no fault
    socket_.close(ignored);
  }
  /// An end of input; what the peer sent early is not touched.
  bool peer_is_gone() {
    if (!socket_.is_open()) return true;
    char octet = 0;
    const auto got = recv(socket_.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
  }

 private:
  LocalSocket socket_;
  uid_t peer_;
  Watchdog watchdog_;
};

HttpResponse plain(unsigned status, std::string_view words) {
  // No part of a request stands in these words, so they need no escape.
  return {status, "application/json", fmt::format("{{\"error\":\"{}\"}}\n", words)};
}

/// What the words of a broken request are answered with; nothing where the connection is what broke.
std::optional<HttpResponse> answer_to(const error_code& fault) {
  if (fault == http::error::header_limit || fault == http::error::buffer_overflow)
    return plain(431, "the request's header is too large");
  if (fault == http::error::body_limit) return plain(413, "the request's body is too large");
  if (fault.category() != make_error_code(http::error::bad_version).category()) return std::nullopt;
  if (fault == http::error::end_of_stream || fault == http::error::partial_message) return std::nullopt;
  return plain(400, "this is no HTTP request");
}

template <class Message>
void fill(Message& message, const HttpResponse& response, bool keep_alive) {
  message.version(kVersion);
  message.result(response.status);
  message.set(http::field::content_type, response.content_type);
  message.set(http::field::cache_control, "no-store");
  message.keep_alive(keep_alive);
}

asio::awaitable<bool> write_whole(Connection& connection, HttpResponse response, bool keep_alive,
                                  std::chrono::milliseconds time) {
  http::response<http::string_body> message;
  fill(message, response, keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  connection.watchdog().arm(time);
  const auto [fault, count] = co_await http::async_write(connection.socket(), message, kNoThrow);
  connection.watchdog().disarm();
  co_return !fault;
}

/// The parts of a streamed body; false where it failed or has another length than was said.
asio::awaitable<bool> write_parts(Connection& connection, HttpResponse response,
                                  std::chrono::milliseconds time) {
  std::uint64_t left = response.length;
  while (true) {
    const auto part = co_await response.source();
    if (!part) {
      log::warning("control.stream_failed", {{"cause", part.error().reply.text}});
      co_return false;
    }
    if (part->empty()) co_return left == 0;
    if (part->size() > left) co_return false;
    left -= part->size();
    connection.watchdog().arm(time);
    const auto [fault, count] =
        co_await asio::async_write(connection.socket(), asio::buffer(*part), kNoThrow);
    connection.watchdog().disarm();
    if (fault) co_return false;
  }
}

asio::awaitable<bool> write_streamed(Connection& connection, HttpResponse response, bool keep_alive,
                                     std::chrono::milliseconds time) {
  http::response<http::empty_body> message;
  fill(message, response, keep_alive);
  message.content_length(response.length);
  http::response_serializer<http::empty_body> serializer(message);
  connection.watchdog().arm(time);
  const auto [fault, count] = co_await http::async_write_header(connection.socket(), serializer, kNoThrow);
  connection.watchdog().disarm();
  if (fault) co_return false;
  co_return co_await write_parts(connection, std::move(response), time);
}

asio::awaitable<HttpResponse> ask(const HttpServer::Handler& handler, HttpRequest request) {
  try {
    co_return co_await handler(std::move(request));
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) throw;  // we are stopping
    log::error("control.request_failed", {{"cause", error.what()}});
  } catch (const std::exception& exception) {
    log::error("control.request_failed", {{"cause", exception.what()}});
  }
  co_return plain(500, "homeward failed at this; its log says why");
}

}  // namespace

struct HttpServer::Inside : std::enable_shared_from_this<HttpServer::Inside> {
  Inside(Supervisor& supervisor_, Handler handler_, HttpLimits limits_)
      : supervisor(supervisor_), handler(std::move(handler_)), limits(limits_) {}

  Supervisor& supervisor;
  Handler handler;
  HttpLimits limits;
  std::shared_ptr<LocalListener> listener;  // shared with its accept loop
  std::list<Connection*> connections;       // in the frames of serve()

  void take(LocalSocket socket, uid_t peer);
  asio::awaitable<bool> serve_one(Connection& connection, beast::flat_buffer& buffer);
  static asio::awaitable<void> listen(std::shared_ptr<Inside> self, std::shared_ptr<LocalListener> listener);
  static asio::awaitable<void> serve(std::shared_ptr<Inside> self, LocalSocket socket, uid_t peer);
};

void HttpServer::Inside::take(LocalSocket socket, uid_t peer) {
  if (connections.size() < limits.connections) {
    supervisor.spawn("control connection", serve(shared_from_this(), std::move(socket), peer));
    return;
  }
  static constexpr std::string_view kFull =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  // Fits into any socket's buffer; one that can't take it even so is closed without a word.
  (void)send(socket.native_handle(), kFull.data(), kFull.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

asio::awaitable<void> HttpServer::Inside::listen(std::shared_ptr<Inside> self,
                                                 std::shared_ptr<LocalListener> listener) {
  co_await listener->run([&self](LocalSocket socket, uid_t peer) { self->take(std::move(socket), peer); });
}

/// One request and its answer; true where another may follow on this connection.
asio::awaitable<bool> HttpServer::Inside::serve_one(Connection& connection, beast::flat_buffer& buffer) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.header));
  parser.body_limit(limits.body);
  connection.watchdog().arm(limits.time);
  const auto [fault, count] = co_await http::async_read(connection.socket(), buffer, parser, kNoThrow);
  connection.watchdog().disarm();
  if (fault) {
    if (auto answer = answer_to(fault))
      (void)co_await write_whole(connection, std::move(*answer), false, limits.time);
    co_return false;
  }
  auto message = parser.release();
  const bool keep_alive = message.keep_alive() && message.method() != http::verb::head;
  auto response = co_await ask(handler, {std::string(message.method_string()), std::string(message.target()),
                                         std::move(message.body()), connection.peer(),
                                         [&connection] { return connection.peer_is_gone(); }});
  if (!connection.socket().is_open()) co_return false;
  if (message.method() == http::verb::head) response = {response.status, response.content_type, {}};
  const bool written = response.source
                           ? co_await write_streamed(connection, std::move(response), keep_alive, limits.time)
                           : co_await write_whole(connection, std::move(response), keep_alive, limits.time);
  co_return written&& keep_alive;
}

asio::awaitable<void> HttpServer::Inside::serve(std::shared_ptr<Inside> self, LocalSocket socket,
                                                uid_t peer) {
  Connection connection(std::move(socket), peer);
  // Takes itself out of the list, however the frame ends. The list lives as long as `self`.
  struct Place {
    std::list<Connection*>& list;
    std::list<Connection*>::iterator entry;
    ~Place() { list.erase(entry); }
  };
  const Place place{self->connections, self->connections.insert(self->connections.end(), &connection)};
  beast::flat_buffer buffer(self->limits.header + self->limits.body + kReadAhead);
  while (co_await self->serve_one(connection, buffer)) {
  }
  connection.close();
}

HttpServer::HttpServer(Supervisor& supervisor, Handler handler, HttpLimits limits)
    : inside_(std::make_shared<Inside>(supervisor, std::move(handler), limits)) {}

HttpServer::~HttpServer() {
  close();
}

Result<void> HttpServer::open(const std::filesystem::path& socket) {
  auto bound = LocalListener::bind(inside_->supervisor.executor(), socket);
  if (!bound) return std::unexpected(std::move(bound.error()));
  inside_->listener = std::make_shared<LocalListener>(std::move(*bound));
  inside_->supervisor.spawn("control listener", Inside::listen(inside_, inside_->listener));
  return {};
}

void HttpServer::close() {
  if (inside_->listener) inside_->listener->close();
  for (auto* connection : inside_->connections) connection->close();
}

std::size_t HttpServer::open_connections() const {
  return inside_->connections.size();
}

namespace {

std::unexpected<Error> call_failed(const Watchdog& watchdog, std::string_view what, const error_code& fault) {
  return std::unexpected(watchdog.expired() ? timeout_error(what) : network_error(what, fault));
}

/// One call: a connection, and where its body goes.
class Call {
 public:
  Call(const asio::any_io_executor& executor, std::chrono::milliseconds time, BodySink sink)
      : connection_(LocalSocket(executor), 0), time_(time), sink_(std::move(sink)) {
    parser_.body_limit(boost::none);  // bounded by take()
  }

  Task<void> send(const std::filesystem::path& path, HttpRequest request) {
    if (path.string().size() >= sizeof(sockaddr_un::sun_path))
      co_return std::unexpected(
          make_error(Fault::network, 451, {4, 4, 1}, "the socket's path is too long: " + path.string()));
    auto& socket = connection_.socket();
    connection_.watchdog().arm(time_);
    const auto [refused] =
        co_await socket.async_connect(asio::local::stream_protocol::endpoint(path.string()), kNoThrow);
    if (refused) co_return call_failed(connection_.watchdog(), "connecting to " + path.string(), refused);
    http::request<http::string_body> message(http::string_to_verb(request.method), request.target, kVersion);
    message.set(http::field::host, "homeward");
    message.body() = std::move(request.body);
    message.prepare_payload();
    const auto [fault, count] = co_await http::async_write(socket, message, kNoThrow);
    if (fault) co_return call_failed(connection_.watchdog(), "asking homeward", fault);
    co_return Result<void>{};
  }

  Task<HttpResponse> receive() {
    connection_.watchdog().arm(time_);
    const auto [fault, count] =
        co_await http::async_read_header(connection_.socket(), buffer_, parser_, kNoThrow);
    if (fault) co_return call_failed(connection_.watchdog(), "waiting for homeward's answer", fault);
    response_.status = parser_.get().result_int();
    response_.content_type = std::string(parser_.get()[http::field::content_type]);
    while (!parser_.is_done()) {
      if (auto part = co_await receive_part(); !part) co_return std::unexpected(std::move(part.error()));
    }
    co_return std::move(response_);
  }

 private:
  Task<void> receive_part() {
    auto& body = parser_.get().body();
    body.data = block_.data();
    body.size = block_.size();
    connection_.watchdog().arm(time_);
    const auto [fault, count] = co_await http::async_read(connection_.socket(), buffer_, parser_, kNoThrow);
    if (fault && fault != http::error::need_buffer)
      co_return call_failed(connection_.watchdog(), "reading homeward's answer", fault);
    co_return take(std::string_view(block_.data(), block_.size() - body.size));
  }

  Result<void> take(std::string_view part) {
    if (part.empty()) return {};
    if (sink_ && response_.status == 200) return sink_(part);
    if (response_.body.size() + part.size() > kMaxKept)
      return std::unexpected(make_error(Fault::protocol, 451, {4, 4, 0}, "the answer is too large"));
    response_.body += part;
    return {};
  }

  Connection connection_;
  std::chrono::milliseconds time_;
  BodySink sink_;
  beast::flat_buffer buffer_{kReadAhead};
  http::response_parser<http::buffer_body> parser_;
  std::array<char, kBlock> block_{};
  HttpResponse response_;
};

}  // namespace

Task<HttpResponse> http_call(asio::any_io_executor executor, std::filesystem::path socket,
                             HttpRequest request, std::chrono::milliseconds time, BodySink sink) {
  const auto call =
      std::make_unique<Call>(executor, time, std::move(sink));  // its block is large for a frame
  if (auto sent = co_await call->send(socket, std::move(request)); !sent)
    co_return std::unexpected(std::move(sent.error()));
  co_return co_await call->receive();
}

}  // namespace homeward::net
