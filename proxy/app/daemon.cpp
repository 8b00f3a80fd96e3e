#include "proxy/app/daemon.hpp"

#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iterator>
#include <memory>
#include <utility>

#include "auth/sasl_library.hpp"
#include "conf/loader.hpp"
#include "proxy/app/alert.hpp"
#include "proxy/app/privileges.hpp"
#include "proxy/app/service_manager.hpp"
#include "proxy/app/startup_memory.hpp"
#include "proxy/base/log.hpp"
#include "proxy/control/api.hpp"
#include "proxy/delivery/dispatch.hpp"
#include "proxy/delivery/runner.hpp"
#include "proxy/frontend/server.hpp"
#include "proxy/net/network_watch.hpp"
#include "proxy/net/offload.hpp"
#include "proxy/net/resolver.hpp"
#include "proxy/net/supervisor.hpp"
#include "proxy/upstream/pool.hpp"

namespace homeward::app {
namespace {

using net::asio::awaitable;
using ConfigPointer = std::shared_ptr<const conf::Config>;

constexpr std::size_t kBlockingThreads = 4;
constexpr unsigned kFirstUnprivilegedPort = 1024;
/// After the last 421 sessions get so long to go; then they are canceled where they wait.
constexpr std::chrono::milliseconds kLastGrace{1000};

void print_problems(const std::vector<conf::Problem>& problems) {
  for (const auto& problem : problems) fmt::print(stderr, "{}\n", problem.to_string());
}

/// For each client a socket, one upstream and one for a look-up; refusals, commands and the log beside.
std::uint64_t files_wanted(const conf::Config& config) {
  return 3 * static_cast<std::uint64_t>(config.max_connections) + 256;
}

bool binds_privileged_port(const conf::Config& config, bool passed) {
  if (config.default_listener) return !passed;
  return std::ranges::any_of(config.listeners, [](const conf::Listener& listener) {
    return std::ranges::any_of(listener.addresses, [](const conf::ListenAddress& address) {
      const auto* socket = std::get_if<conf::SocketAddress>(&address);
      return socket != nullptr && socket->port < kFirstUnprivilegedPort;
    });
  });
}

/// The rooms of a running homeward, in the order in which they depend on each other.
class Daemon {
 public:
  Daemon(ServeOptions options, ServeEnvironment environment, ConfigPointer config,
         std::vector<std::string> mechanisms, std::vector<frontend::PassedDescriptor> passed)
      : options_(std::move(options)),
        environment_(std::move(environment)),
        config_(std::move(config)),
        house_(context_.get_executor()),
        sessions_(context_.get_executor()),
        resolver_(context_.get_executor()),
        offload_(kBlockingThreads),
        pool_({context_.get_executor(), resolver_, offload_, std::move(mechanisms)}, sessions_),
        server_(house_, sessions_, std::move(passed),
                [this](ConfigPointer held) {
                  return std::make_unique<delivery::Dispatch>(rooms_->services, std::move(held));
                }),
        signals_(context_, SIGTERM, SIGINT, SIGHUP),
        network_(context_.get_executor()) {}

  /// Opens the listeners: what may need root.
  Result<void> open() {
    raise_file_limit(files_wanted(*config_));
    auto applied = server_.apply(config_);
    server_.report_unused_sockets();
    return applied;
  }

  /// Opens the spool and the control socket: what must not be root's.
  Result<void> open_rooms() {
    spool::SpoolOptions options;
    options.directory = config_->state_directory;
    options.database = config_->spool_file;
    options.keep_trace = config_->keep_trace;
    options.vfs = environment_.vfs;
    options.files = environment_.files;
    auto spool = spool::Spool::open(std::move(options), context_.get_executor(), offload_, clock());
    if (!spool) return std::unexpected(std::move(spool.error()));
    rooms_ = std::make_unique<Rooms>(std::move(*spool), pool_, sessions_, config_);
    rooms_->control = std::make_unique<control::Interface>(
        control::services_of(*rooms_->spool, rooms_->runner, [this] { return facts(); }), house_);
    if (auto opened = rooms_->control->open(config_->runtime_directory); !opened) {
      // Mail goes its way without it; only the commands can't ask.
      log::error("control.failed", {{"cause", opened.error().reply.text}});
      troubles_.push_back(opened.error().reply.text);
    }
    alert_when_needed();
    return {};
  }

  void run() {
    rooms_->runner.start();
    house_.spawn("signals", obey_signals());
    if (auto watching = network_.open(); watching) {
      house_.spawn("network", watch_network());
    } else {
      log::warning("service.network_unwatched", {{"cause", watching.error().reply.text}});
    }
    if (const auto interval = watchdog_interval()) house_.spawn("watchdog", feed_watchdog(*interval));
    notify_ready(status());
    log::info("service.ready",
              {{"listening", server_.addresses()}, {"accounts", std::to_string(config_->accounts.size())}});
    release_startup_memory();
    while (!run_loop()) {
    }
  }

 private:
  /// True where the loop came to its end. What escapes here came from no task (memory that is too short for a
  /// timer, say): the others go on.
  bool run_loop() {
    try {
      context_.run();
      return true;
    } catch (const std::exception& exception) {
      log::error("service.loop", {{"cause", exception.what()}});
      return false;
    }
  }

  awaitable<void> obey_signals() {
    while (true) {
      const auto [fault, signal] = co_await signals_.async_wait(net::kNoThrow);
      if (fault) co_return;
      if (signal != SIGHUP) break;
      reload();
    }
    co_await stop();
  }

  /// A broken configuration changes nothing: the old one stays, and the log names line and key.
  void reload() {
    notify_reloading();
    auto loaded = conf::load(options_.config);
    if (loaded) {
      config_ = std::move(*loaded);
      log::configure(config_->log_level, config_->log_format);
      raise_file_limit(files_wanted(*config_));
      pool_.reloaded();
      rooms_->spool->set_keep_trace(config_->keep_trace);
      rooms_->runner.reloaded(config_);
      if (auto applied = server_.apply(config_); !applied) {
        log::error("reload.listener_failed", {{"cause", applied.error().reply.text}});
      }
      log::info("reload.done", {{"listening", server_.addresses()}});
    } else {
      for (const auto& problem : loaded.error())
        log::error("reload.refused", {{"problem", problem.to_string()}});
    }
    notify_ready(loaded ? status()
                        : "The new configuration is broken, the old one holds (see the log); " + status());
  }

  awaitable<void> stop() {
    notify_stopping();
    log::info("service.stopping", {{"sessions", std::to_string(server_.open_sessions())}});
    server_.drain();
    rooms_->runner.drain();
    pool_.drain();
    if (!co_await sessions_.drained(config_->shutdown_timeout)) {
      server_.stop_now();
      if (!co_await sessions_.drained(kLastGrace)) sessions_.cancel_all();
      (void)co_await sessions_.drained(kLastGrace);
    }
    rooms_->control->close();
    log::info("service.stopped", {});
    // Ends the watchdog, the accept loops and, with them, the loop itself.
    house_.cancel_all();
  }

  awaitable<void> watch_network() {
    while (true) {
      const auto what = co_await network_.changed();
      if (!what) co_return;
      pool_.network_changed();
      rooms_->runner.back_on_line(*what);
    }
  }

  /// `alert_command`, for gateways that nobody looks at.
  void alert_when_needed() {
    pool_.on_attention([this](const std::string& account, const Error& cause) {
      alert_.raise(config_->alert_command, {"needs-attention", account, cause.reply.text, {}});
    });
    rooms_->runner.on_failed([this](const spool::Entry& entry) {
      alert_.raise(config_->alert_command, {"message-failed", entry.account, entry.last_word, entry.id});
    });
  }

  control::DaemonFacts facts() const {
    control::DaemonFacts facts;
    facts.version = options_.version;
    facts.hostname = config_->hostname;
    facts.since = since_;
    facts.listeners = server_.address_list();
    facts.sessions = server_.open_sessions();
    facts.troubles = troubles_;
    std::ranges::move(pool_.troubles(), std::back_inserter(facts.troubles));
    return facts;
  }

  const Clock& clock() const { return environment_.clock != nullptr ? *environment_.clock : system_clock_; }

  awaitable<void> feed_watchdog(std::chrono::microseconds interval) {
    net::asio::steady_timer timer(context_);
    std::string told;
    while (true) {
      notify_alive();
      if (auto now = status(); now != told) {
        notify_status(now);
        told = std::move(now);
      }
      timer.expires_after(interval);
      if (const auto [fault] = co_await timer.async_wait(net::kNoThrow); fault) co_return;
    }
  }

  std::string status() const {
    auto text = fmt::format("Listening on {}; {} accounts; {} sessions", server_.addresses(),
                            config_->accounts.size(), server_.open_sessions());
    std::uint64_t waiting = 0;
    for (const auto& account : rooms_->runner.accounts()) waiting += account.waiting;
    if (waiting > 0) text += fmt::format("; {} messages wait", waiting);
    if (const auto in_need = pool_.accounts_in_need(); in_need > 0) {
      text += fmt::format("; {} accounts need attention: login refused", in_need);
    }
    return text;
  }

  /// What is there from open_rooms() on.
  struct Rooms {
    Rooms(std::unique_ptr<spool::Spool> spool_, upstream::Pool& pool, net::Supervisor& supervisor,
          ConfigPointer config)
        : spool(std::move(spool_)),
          runner(*spool, pool, repairs, supervisor, std::move(config)),
          services{pool, *spool, runner, repairs, supervisor} {}
    std::unique_ptr<spool::Spool> spool;
    delivery::SenderRepairs repairs;
    delivery::Runner runner;
    delivery::Services services;
    std::unique_ptr<control::Interface> control;
  };

  ServeOptions options_;
  ServeEnvironment environment_;
  SystemClock system_clock_;
  std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
  std::vector<std::string> troubles_;
  ConfigPointer config_;
  net::asio::io_context context_{1};
  net::Supervisor house_;
  net::Supervisor sessions_;
  net::Resolver resolver_;
  net::Offload offload_;
  upstream::Pool pool_;
  std::unique_ptr<Rooms> rooms_;
  frontend::Server server_;
  net::asio::signal_set signals_;
  net::NetworkWatch network_;
  Alert alert_{offload_, house_};
};

int fail(int code, const Error& error) {
  log::error("service.failed", {{"cause", error.reply.text}});
  return code;
}

}  // namespace

int run_serve(const ServeOptions& options, const ServeEnvironment& environment) {
  std::signal(SIGHUP, SIG_IGN);  // until the handler is there: a reload that comes early changes nothing
  if (auto closed = forbid_memory_dumps(); !closed) return fail(EX_NOPERM, closed.error());
  auto config = conf::load(options.config);
  if (!config) {
    print_problems(config.error());
    return EX_CONFIG;
  }
  log::configure((*config)->log_level, (*config)->log_format);
  std::signal(SIGPIPE, SIG_IGN);
  auto sasl = auth::SaslLibrary::start(auth::SaslLibrary::Sides::client);
  if (!sasl) return fail(EX_UNAVAILABLE, sasl.error());
  auto passed = take_passed_sockets();
  if (!passed) return fail(EX_UNAVAILABLE, passed.error());
  const bool needed_root = binds_privileged_port(**config, !passed->empty());

  Daemon daemon(options, environment, *config, (*sasl)->client_mechanisms(), std::move(*passed));
  if (auto opened = daemon.open(); !opened) return fail(EX_UNAVAILABLE, opened.error());
  const std::array folders{(*config)->state_directory, (*config)->runtime_directory};
  if (auto made = prepare_folders(options.user, folders); !made) return fail(EX_UNAVAILABLE, made.error());
  if (auto dropped = drop_privileges(options.user, needed_root); !dropped)
    return fail(EX_NOPERM, dropped.error());
  // Changing the user makes a process dumpable again.
  if (auto closed = forbid_memory_dumps(); !closed) return fail(EX_NOPERM, closed.error());
  if (auto opened = daemon.open_rooms(); !opened) return fail(EX_UNAVAILABLE, opened.error());
  daemon.run();
  return EX_OK;
}

}  // namespace homeward::app
