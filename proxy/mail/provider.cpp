// Matching of providers: by name, by domain, by host. Called by the configuration's loader and by
// `homeward providers`.
#include "proxy/mail/provider.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/base/text.hpp"

namespace homeward::mail {
namespace {

bool any_matches(const std::vector<DomainPattern>& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [&](const DomainPattern& pattern) { return pattern.matches(name); });
}

// A name with a dot at its end is the same name.
std::string_view without_root(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

template <class Fits>
const Provider* first_row(const std::vector<Provider>& rows, Fits fits) {
  const auto found = std::ranges::find_if(rows, fits);
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::string Server::to_string() const {
  const auto shown = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  switch (form) {
    case Form::ladder:
      return shown;
    case Form::smtps:
      return fmt::format("smtps://{}:{}", shown, port);
    case Form::submission:
      return fmt::format("submission://{}:{}", shown, port);
  }
  return shown;
}

bool DomainPattern::matches(std::string_view name) const {
  name = without_root(name);
  if (!below) return text::equals_ignoring_case(name, domain);
  if (name.size() < domain.size() + 2) return false;
  const auto dot = name.size() - domain.size() - 1;
  return name[dot] == '.' && text::equals_ignoring_case(name.substr(dot + 1), domain);
}

std::string DomainPattern::to_string() const {
  return below ? "*." + domain : domain;
}

bool Provider::serves_domain(std::string_view domain) const {
  return any_matches(domains, domain);
}

bool Provider::has_host(std::string_view host) const {
  return any_matches(hosts, host) || std::ranges::any_of(servers, [&](const Server& server) {
           return text::equals_ignoring_case(server.host, without_root(host));
         });
}

bool Provider::has(ProviderQuirk quirk) const {
  return std::ranges::find(quirks, quirk) != quirks.end();
}

bool Provider::takes(CredentialKind kind) const {
  return std::ranges::find(credentials, kind) != credentials.end();
}

const Provider* ProviderTable::find(std::string_view name) const {
  return first_row(rows_, [&](const Provider& row) { return text::equals_ignoring_case(row.name, name); });
}

const Provider* ProviderTable::for_domain(std::string_view domain) const {
  return first_row(rows_, [&](const Provider& row) { return row.serves_domain(domain); });
}

const Provider* ProviderTable::for_host(std::string_view host) const {
  return first_row(rows_, [&](const Provider& row) { return row.has_host(host); });
}

const Provider* ProviderTable::match(const smtp::Mailbox& address, std::span<const Server> servers) const {
  const auto* by_address = for_domain(address.domain());
  if (servers.empty()) return by_address;
  const auto is_its_server = [&](const Server& server) { return by_address->has_host(server.host); };
  if (by_address != nullptr && std::ranges::any_of(servers, is_its_server)) return by_address;
  for (const auto& server : servers)
    if (const auto* by_host = for_host(server.host)) return by_host;
  return nullptr;
}

}  // namespace homeward::mail
