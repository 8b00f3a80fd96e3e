// Client: how homeward's own commands ask the running daemon. Blocking; one connection per question. Finds
// the socket by the configuration, else where it usually lies. product.md 8
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/net/http.hpp"

namespace homeward::control {

/// Where the sockets of a service, of a person and of a person's service usually lie, in the order in which
/// they are tried.
std::vector<std::filesystem::path> usual_runtime_directories();

/// Errors of every call, told apart by fault and code, with words for a person:
/// network 451: nobody answers, homeward is not running; local 451: we may not ask;
/// refused 550: no such message or account; refused 451: not now; protocol: the answer makes no sense.
class Client {
 public:
  static constexpr std::chrono::seconds kTime{35};

  /// `configured` is the runtime_directory of a configuration, if one could be read; it is all that is looked
  /// at, unless it is one of the usual ones: then a daemon that was started otherwise is found too.
  static Result<Client> find(const std::optional<std::filesystem::path>& configured);
  explicit Client(std::filesystem::path socket) : socket_(std::move(socket)) {}

  /// `time` holds for each step; a question that waits for a change needs more than it waits.
  Result<boost::json::value> get(std::string target, std::chrono::milliseconds time = kTime);
  Result<boost::json::value> post(std::string target);
  /// A body that is no JSON, part by part.
  Result<void> download(std::string target, net::BodySink sink);

  const std::filesystem::path& socket() const { return socket_; }

 private:
  Result<net::HttpResponse> call(std::string_view method, std::string target, std::chrono::milliseconds time,
                                 net::BodySink sink);
  std::filesystem::path socket_;
};

}  // namespace homeward::control
