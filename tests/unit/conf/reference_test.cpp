// The reference is a configuration; with its semicolons taken away it says the defaults, and they hold.
#include "conf/reference.hpp"

#include <set>
#include <sstream>

#include "conf/schema.hpp"
#include "proxy/base/text.hpp"
#include "tests/unit/conf/loading.hpp"

namespace homeward::conf {
namespace {

using test::config_of;
using test::contains;

// Opens every "; key = default"; keys without a default stay closed, as they show examples.
std::string with_defaults_open() {
  std::istringstream lines(reference_text());
  std::string opened;
  bool is_default = false;
  for (std::string line; std::getline(lines, line);) {
    const bool is_key = line.starts_with("; ") && contains(line, " = ") && is_default;
    opened += (is_key ? line.substr(2) : line) + '\n';
    is_default = line.ends_with("; default)");
  }
  return opened;
}

TEST_CASE("conf: the reference can be loaded as it is") {
  const auto config = config_of(reference_text());
  REQUIRE(config->accounts.size() == 1);
  CHECK(config->accounts[0].rules.address.to_string() == "ann@isp.example");
}

TEST_CASE("conf: the documented defaults are the real ones") {
  const auto bare = config_of(reference_text());
  const auto open = config_of(with_defaults_open());
  CHECK(open->max_message_size == bare->max_message_size);
  CHECK(open->max_recipients == bare->max_recipients);
  CHECK(open->max_connections == bare->max_connections);
  CHECK(open->max_connections_per_client == bare->max_connections_per_client);
  CHECK(open->command_timeout == bare->command_timeout);
  CHECK(open->data_timeout == bare->data_timeout);
  CHECK(open->shutdown_timeout == bare->shutdown_timeout);
  CHECK(open->log_level == bare->log_level);
  CHECK(open->log_format == bare->log_format);
  CHECK(open->listeners == bare->listeners);
  CHECK(open->keep_trace == bare->keep_trace);
  CHECK(open->spool_file == bare->spool_file);
  const auto& a = open->accounts.at(0);
  const auto& b = bare->accounts.at(0);
  CHECK(a.rules == b.rules);
  CHECK(a.tls_min == b.tls_min);
  CHECK(a.mechanisms == b.mechanisms);
  CHECK(a.delivery == b.delivery);
  CHECK(a.pool_size == b.pool_size);
  CHECK(a.pool_idle == b.pool_idle);
  CHECK(a.proxy == b.proxy);
  CHECK(a.connect_timeout == b.connect_timeout);
  CHECK(a.reply_timeout == b.reply_timeout);
  CHECK(a.rate == b.rate);
  CHECK(a.retry == b.retry);
  CHECK(a.retry_max == b.retry_max);
  CHECK(a.expire == b.expire);
}

TEST_CASE("conf: opening the defaults opens every one of them") {
  const auto text = with_defaults_open();
  for (const auto& key : all_keys()) {
    if (key.fallback.empty()) continue;
    CAPTURE(key.name);
    CHECK(contains(text, "\n" + std::string(key.name) + " = " + std::string(key.fallback) + "\n"));
  }
}

TEST_CASE("conf: every row says what it is, once") {
  std::set<std::pair<SectionKind, std::string_view>> seen;
  for (const auto& key : all_keys()) {
    CAPTURE(key.name);
    CHECK(seen.emplace(key.section(), key.name).second);
    CHECK_FALSE(key.form.empty());
    CHECK_FALSE(key.help.empty());
    CHECK(key.help.find('\n') == std::string_view::npos);
    CHECK(key.fallback.empty() != key.example.empty());
    CHECK(find_key(key.section(), key.name) == &key);
  }
  CHECK(find_key(SectionKind::listener, "pool_size") == nullptr);
}

// An example is taken by its own key, in a file that is otherwise right.
TEST_CASE("conf: every example is right") {
  for (const auto& key : all_keys()) {
    const bool names_file = key.name.starts_with("tls_") && key.form == "file";
    if (key.example.empty() || key.need == Need::required || names_file || key.name == "include") continue;
    CAPTURE(key.name);
    std::string text =
        "PROVIDER[homeward]\nHOMEWARD[account home]\naddress = ann@isp.example\nserver = s.example\nACCOUNT";
    const auto line = std::string(key.name) + " = " + std::string(key.example) + "\n";
    const bool general = key.section() == SectionKind::homeward;
    const bool of_provider = key.section() == SectionKind::provider;
    const bool is_password = key.name.starts_with("password");
    text.replace(text.find("PROVIDER["), 8, of_provider ? "[provider gmx]\n" + line : "");
    text.replace(text.find("HOMEWARD["), 8, general ? line : "");
    text.replace(text.find("ACCOUNT"), 7,
                 general || of_provider ? "password_file = p\n"
                 : is_password          ? line
                                        : line + "password_file = p\n");
    CHECK(test::all_text(test::problems_of(text)) == "");
  }
}

}  // namespace
}  // namespace homeward::conf
