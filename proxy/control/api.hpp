// The control interface: HTTP+JSON over a Unix socket, for homeward's own commands and the tray. Here is what
// it needs of a running homeward, as functions, so that tests bring their own, and the socket that it is
// asked through. The routes stand in routes.cpp, how values look as JSON in values.cpp, whom the socket lets
// in in net/local_listener.hpp. product.md 8; the endpoints are listed in docs/control.md.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/delivery/runner.hpp"
#include "proxy/net/http.hpp"
#include "proxy/net/supervisor.hpp"
#include "proxy/spool/spool.hpp"

namespace homeward::control {

/// What only the daemon itself knows.
struct DaemonFacts {
  std::string version;
  std::string hostname;
  std::chrono::system_clock::time_point since;  ///< running since
  std::vector<std::string> listeners;           ///< "127.0.0.1:25"
  std::size_t sessions = 0;                     ///< open now
  std::vector<std::string> troubles;  ///< for people, beside the spool's: "the configuration is broken …"
};

/// Everything that is asked of the house; spool's and runner's parts do what their headers say.
struct Services {
  std::function<DaemonFacts()> daemon;

  std::function<spool::Moment()> now;
  std::function<net::Task<spool::SpoolFacts>()> facts;
  std::function<net::Task<std::vector<spool::Entry>>(spool::ListQuery)> list;
  std::function<net::Task<spool::Entry>(std::string id)> load;
  std::function<net::Task<std::unique_ptr<spool::StoredContent>>(std::string id)> content;
  std::function<net::Task<std::vector<std::string>>(std::string prefix)> ids;
  std::function<net::Task<std::vector<spool::TraceLine>>(std::string id)> trace;
  std::function<net::Task<std::vector<spool::Summary>>()> summaries;
  std::function<void(spool::TraceLine)> note;

  std::function<std::vector<delivery::AccountStatus>()> accounts;
  std::function<std::uint64_t()> revision;
  using Change = std::function<net::Task<void>(std::string)>;
  Change hold, release, retry, drop;    ///< of a message, by its id
  Change pause, resume, retry_account;  ///< of an account, by its name
};

/// The services of a running house; both outlive them.
Services services_of(spool::Spool& spool, delivery::Runner& runner, std::function<DaemonFacts()> daemon);

/// The name of the socket in the runtime directory.
inline constexpr const char* kSocketName = "control.sock";

/// Listens, and answers. One per process.
class Interface {
 public:
  /// `supervisor` owns what it starts, and outlives it. Who asks waits at most kLongestWait in one answer, so
  /// that nothing keeps a supervisor from being drained after close().
  Interface(Services services, net::Supervisor& supervisor);
  Interface(const Interface&) = delete;
  Interface& operator=(const Interface&) = delete;
  ~Interface();

  /// Makes the socket `runtime_directory`/control.sock, 0660, and the directory, 0750, where it is missing.
  /// Errors, all local with words for a person: the directory is a link or somebody else's; another homeward
  /// answers there.
  Result<void> open(const std::filesystem::path& runtime_directory);
  /// Ends every connection and removes the socket.
  void close();

 private:
  std::shared_ptr<const Services> services_;  // shared with answers that are under way
  net::HttpServer server_;
};

inline constexpr std::chrono::seconds kLongestWait{60};

}  // namespace homeward::control
