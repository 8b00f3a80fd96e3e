// HTTP/1.1 between homeward and its own tools over a Unix socket, with everything of Beast behind values: the
// server that the control interface answers through, and the call that the commands make. Small on purpose:
// bodies are bounded, except an answer that is streamed with a length known before. RFC 9110, RFC 9112.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "proxy/net/supervisor.hpp"
#include "proxy/net/task.hpp"

namespace homeward::net {

struct HttpRequest {
  std::string method;  ///< "GET"
  std::string target;  ///< as it came: "/v1/queue?limit=5"
  std::string body;
  uid_t peer_uid = 0;  ///< who asks, by the kernel's word (server side)
  /// True where whoever asked has closed: for answers that take their time. Never empty on the server side.
  std::function<bool()> peer_is_gone;
};

/// The next part of a body; empty at its end.
using BodySource = std::function<Task<std::string>()>;

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  /// Where given, it brings the body, of exactly `length` octets, in place of `body`. One that fails or ends
  /// early closes the connection, so that nobody takes a part for the whole.
  BodySource source = nullptr;
  std::uint64_t length = 0;
};

struct HttpLimits {
  std::size_t header = 8UL * 1024;  ///< octets
  std::size_t body = 64UL * 1024;   ///< octets
  std::chrono::milliseconds time{
      std::chrono::seconds{30}};  ///< to send a request; to take each part of an answer
  std::size_t connections = 32;   ///< at the same time; more hear 503
};

class HttpServer {
 public:
  /// May take its time, bounded by itself. What it throws is a 500.
  using Handler = std::function<asio::awaitable<HttpResponse>(HttpRequest)>;

  /// `supervisor` owns the accept loop and the connections, and outlives this.
  HttpServer(Supervisor& supervisor, Handler handler, HttpLimits limits = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  /// Listens on a Unix socket (see LocalListener::bind for what may go wrong) and serves until close().
  Result<void> open(const std::filesystem::path& socket);
  /// Ends the listening and every connection, and removes the socket file.
  void close();
  std::size_t open_connections() const;

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;  // shared with the frames of the connections
};

/// Where a body goes, part by part.
using BodySink = std::function<Result<void>(std::string_view)>;

/// One request to a Unix socket and its answer, on a connection of its own. The body of a 200 goes to `sink`
/// where one is given, else it is kept, up to 16 MiB. `time` holds for each step.
/// Errors: network (nobody listens there, closed before the end), timeout, protocol.
Task<HttpResponse> http_call(asio::any_io_executor executor, std::filesystem::path socket,
                             HttpRequest request, std::chrono::milliseconds time, BodySink sink = nullptr);

}  // namespace homeward::net
