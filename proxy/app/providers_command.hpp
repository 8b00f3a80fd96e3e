// `homeward providers`: the provider table, or one row of it in plain words. Reads the configuration for its
// own rows; asks no daemon. Called by main.cpp, and by the completion for names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "proxy/mail/provider.hpp"

namespace homeward::app {

struct ProvidersOptions {
  std::filesystem::path config;
  bool config_was_named = false;    ///< by --config: then it has to be right
  std::optional<std::string> name;  ///< of a row, or an address, a domain or a server of one
  bool json = false;
};

/// Prints to standard output. Returns 0, 64 for a name that there is not, 78 where a configuration that was
/// named is not right.
int run_providers(const ProvidersOptions& options);

/// The row that `name` means: by its name, else by an address, a domain or a host; or nullptr.
const mail::Provider* find_provider(const mail::ProviderTable& table, std::string_view name);

std::string describe_providers(const mail::ProviderTable& table);
std::string providers_json(const mail::ProviderTable& table);
/// What is said of a name that there is not, with the nearest.
std::string unknown_provider(const mail::ProviderTable& table, std::string_view name);

}  // namespace homeward::app
