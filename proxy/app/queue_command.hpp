// `homeward queue` and `homeward trace`: what waits, and what happened to a message. Ids may be cut to what
// tells them apart. Called by control_commands.cpp; `queue list` by sendmail -bp too.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "proxy/app/daemon_link.hpp"

namespace homeward::app {

struct QueueListOptions {
  ConfigChoice config;
  std::string state;    ///< empty: all but done
  std::string account;  ///< empty: any
  bool json = false;
};
int run_queue_list(const QueueListOptions& options);
int run_queue_show(const ConfigChoice& config, const std::string& id, bool json);
int run_trace(const ConfigChoice& config, const std::string& id, bool json);

struct QueueChangeOptions {
  ConfigChoice config;
  std::string change;            ///< retry, hold, release or drop
  std::vector<std::string> ids;  ///< all are tried; the exit code is the worst
  bool all = false;              ///< of retry: everything that waits
  bool yes = false;              ///< of drop: don't ask
  bool json = false;
};
int run_queue_change(const QueueChangeOptions& options);

struct QueueExportOptions {
  ConfigChoice config;
  std::string id;
  std::filesystem::path file;  ///< made, 0600, never overwritten; empty: standard output
};
int run_queue_export(const QueueExportOptions& options);

}  // namespace homeward::app
