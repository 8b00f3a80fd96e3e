#include "proxy/app/providers_command.hpp"

#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "conf/loader.hpp"
#include "conf/provider_reader.hpp"
#include "proxy/app/json_text.hpp"
#include "proxy/app/provider_words.hpp"
#include "proxy/app/table.hpp"
#include "proxy/base/text.hpp"

namespace homeward::app {
namespace {

using mail::Provider;
using mail::ProviderTable;

constexpr std::size_t kShownDomains = 3;

std::string domains_cell(const Provider& row) {
  std::vector<std::string> shown;
  for (const auto& domain : row.domains) {
    if (shown.size() == kShownDomains) break;
    shown.push_back(domain.to_string());
  }
  auto cell = text::join(shown, ", ");
  if (row.domains.size() > shown.size()) cell += fmt::format(" +{}", row.domains.size() - shown.size());
  return cell;
}

std::string server_cell(const Provider& row) {
  if (!row.servers.empty()) return row.servers.front().to_string();
  return row.hosts.empty() ? std::string{} : row.hosts.front().to_string();
}

// The table of the configuration, or the built-in one where there is no configuration that is right.
std::shared_ptr<const ProviderTable> load_table(const ProvidersOptions& options) {
  const auto loaded = conf::load(options.config);
  if (loaded) return (*loaded)->providers;
  if (!options.config_was_named) return conf::built_in_providers();
  for (const auto& problem : loaded.error()) fmt::print(stderr, "{}\n", problem.to_string());
  return nullptr;
}

}  // namespace

const Provider* find_provider(const ProviderTable& table, std::string_view name) {
  if (const auto* row = table.find(name)) return row;
  if (const auto* row = table.for_domain(name.substr(name.rfind('@') + 1))) return row;
  return table.for_host(name);
}

std::string unknown_provider(const ProviderTable& table, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& row : table.rows()) names.push_back(row.name);
  const auto near_name = text::nearest(name, names);
  std::vector<std::string_view> domains;
  for (const auto& row : table.rows())
    for (const auto& domain : row.domains) domains.push_back(domain.domain);
  const auto near_domain = text::nearest(name.substr(name.rfind('@') + 1), domains);
  const bool is_domain = name.find('.') != std::string_view::npos;
  const auto near = is_domain && !near_domain.empty() ? near_domain : near_name;
  return fmt::format("there is no provider {}{}", text::printable(name, 60),
                     near.empty() ? " (all: homeward providers)" : fmt::format("; did you mean {}?", near));
}

std::string describe_providers(const ProviderTable& table) {
  Table lines({"NAME", "MAILBOXES", "SERVER", "LIMITS"});
  for (const auto& row : table.rows())
    lines.add({row.name, domains_cell(row), server_cell(row), limits_text(row)});
  return lines.to_string();
}

std::string providers_json(const ProviderTable& table) {
  std::vector<std::string> rows;
  for (const auto& row : table.rows()) rows.push_back(provider_json(row));
  return json::array(rows);
}

int run_providers(const ProvidersOptions& options) {
  const auto table = load_table(options);
  if (table == nullptr) return EX_CONFIG;
  if (!options.name) {
    fmt::print("{}", options.json ? providers_json(*table) + '\n' : describe_providers(*table));
    return EX_OK;
  }
  const auto* row = find_provider(*table, *options.name);
  if (row == nullptr) {
    fmt::print(stderr, "homeward: {}\n", unknown_provider(*table, *options.name));
    return EX_USAGE;
  }
  fmt::print("{}", options.json ? provider_json(*row) + '\n' : describe_provider(*row));
  return EX_OK;
}

}  // namespace homeward::app
