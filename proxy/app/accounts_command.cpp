#include "proxy/app/accounts_command.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <chrono>

#include "proxy/app/json_view.hpp"
#include "proxy/app/status_command.hpp"
#include "proxy/base/text.hpp"
#include "proxy/control/target.hpp"

namespace homeward::app {
namespace {

std::string done_words(const std::string& change, const std::string& name) {
  const auto shown = text::printable(name);
  if (change == "pause")
    return fmt::format("{} is paused: its mail waits until: homeward accounts resume {}\n", shown, shown);
  if (change == "resume") return fmt::format("{} sends again\n", shown);
  return fmt::format("{} is tried again now\n", shown);
}

}  // namespace

int run_accounts(const ConfigChoice& config, bool json) {
  auto client = reach_daemon(config);
  if (!client) return complain(client.error());
  const auto answer = client->get("/v1/accounts");
  if (!answer) return complain(answer.error());
  if (json) return print_out(boost::json::serialize(*answer) + "\n");
  return print_out(describe_accounts(view::list(*answer, "accounts"), std::chrono::system_clock::now()));
}

int run_account_change(const ConfigChoice& config, const std::string& change, const std::string& name,
                       bool json) {
  auto client = reach_daemon(config);
  if (!client) return complain(client.error());
  const auto answer = client->post(fmt::format("/v1/accounts/{}/{}", control::escape(name), change));
  if (!answer) return complain(answer.error());
  return print_out(json ? boost::json::serialize(*answer) + "\n" : done_words(change, name));
}

}  // namespace homeward::app
