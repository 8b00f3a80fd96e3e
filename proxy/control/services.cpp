// The services of a running house. Apart from the rest, so that tests of the routes bring no spool.
#include <utility>

#include "proxy/control/api.hpp"

namespace homeward::control {

Services services_of(spool::Spool& spool, delivery::Runner& runner, std::function<DaemonFacts()> daemon) {
  Services services;
  services.daemon = std::move(daemon);
  services.now = [&spool] { return spool.now(); };
  services.facts = [&spool] { return spool.facts(); };
  services.list = [&spool](spool::ListQuery query) { return spool.list(std::move(query)); };
  services.load = [&spool](std::string id) { return spool.load(std::move(id)); };
  services.content = [&spool](std::string id) { return spool.content(std::move(id)); };
  services.ids = [&spool](std::string prefix) { return spool.ids(std::move(prefix)); };
  services.trace = [&spool](std::string id) { return spool.trace(std::move(id)); };
  services.summaries = [&spool] { return spool.summaries(); };
  services.note = [&spool](spool::TraceLine line) { spool.note(std::move(line)); };
  services.accounts = [&runner] { return runner.accounts(); };
  services.revision = [&runner] { return runner.revision(); };
  services.hold = [&runner](std::string id) { return runner.hold(std::move(id)); };
  services.release = [&runner](std::string id) { return runner.release(std::move(id)); };
  services.retry = [&runner](std::string id) { return runner.retry(std::move(id)); };
  services.drop = [&runner](std::string id) { return runner.drop(std::move(id)); };
  services.pause = [&runner](std::string name) { return runner.pause(std::move(name)); };
  services.resume = [&runner](std::string name) { return runner.resume(std::move(name)); };
  services.retry_account = [&runner](std::string name) { return runner.retry_account(std::move(name)); };
  return services;
}

}  // namespace homeward::control
