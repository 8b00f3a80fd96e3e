// Provider: what is known of one mail provider (servers, form of the login, limits, what it asks of the
// sender), and which provider an account belongs to. The rows are data: conf/providers.ini and the
// [provider NAME] sections of a configuration, read by conf; here is the matching alone. Pure. product.md 4.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/smtp/path.hpp"

namespace homeward::mail {

/// A submission host, as `server` says it. A bare host stands for the ladder 465, 587, 2525.
struct Server {
  enum class Form : std::uint8_t { ladder, smtps, submission };
  Form form = Form::ladder;
  std::string host;        ///< as configured: the name that the certificate must hold
  std::uint16_t port = 0;  ///< 465 or 587 where none is given; 0 for the ladder

  std::string to_string() const;  ///< "smtps://mail.gmx.net:465"; the host alone for the ladder
  bool operator==(const Server&) const = default;
};

/// Messages per time, as `rate = 30/m` says.
struct Rate {
  unsigned messages = 0;
  std::chrono::milliseconds per{std::chrono::minutes{1}};
  bool operator==(const Rate&) const = default;
};

/// A domain, or with `*.` all below it.
struct DomainPattern {
  std::string domain;  ///< lower case, without `*.`
  bool below = false;  ///< only what is below it, at any depth

  bool matches(std::string_view name) const;  ///< without case
  std::string to_string() const;
  bool operator==(const DomainPattern&) const = default;
};

enum class LoginForm : std::uint8_t { address, local_part };
enum class CredentialKind : std::uint8_t { password, app_password, oauth };
/// Which addresses the provider takes in the envelope and in From: the account's alone, those that are set
/// up there as its aliases too, or any.
enum class FromRule : std::uint8_t { own, alias, any };
enum class ProviderQuirk : std::uint8_t {
  login_only,          ///< offers other mechanisms, and only AUTH LOGIN works
  no_ehlo_after_auth,  ///< forgets the login at an EHLO behind it
};

/// One row. What is not known is empty.
struct Provider {
  std::string name;   ///< lower case: "gmx"
  std::string title;  ///< for people: "GMX"
  std::vector<DomainPattern> domains;
  std::vector<Server> servers;       ///< in the order to try
  std::vector<DomainPattern> hosts;  ///< further names of its servers
  LoginForm login = LoginForm::address;
  std::vector<CredentialKind> credentials;  ///< best first
  std::string oauth;                        ///< whose sign-in it is: "google"
  std::optional<FromRule> from_rule;
  std::optional<bool> null_sender;  ///< whether `MAIL FROM:<>` is taken
  std::optional<unsigned> connections;
  std::optional<Rate> rate;
  std::optional<unsigned> recipients_per_day;
  std::optional<unsigned> recipients_per_message;
  std::optional<std::uint64_t> max_message_size;  ///< octets
  std::vector<ProviderQuirk> quirks;
  std::string help_url;              ///< where to get an app password, or to switch sending on
  std::string hint;                  ///< one sentence for people, with its dot
  std::vector<std::string> sources;  ///< pages that these facts come from
  std::optional<std::chrono::year_month_day> checked;

  bool serves_domain(std::string_view domain) const;
  /// Whether `host` is one of its servers.
  bool has_host(std::string_view host) const;
  bool has(ProviderQuirk quirk) const;
  bool takes(CredentialKind kind) const;
};

class ProviderTable {
 public:
  ProviderTable() = default;
  explicit ProviderTable(std::vector<Provider> rows) : rows_(std::move(rows)) {}

  /// Each of these: the first row that fits, or nullptr. Names, domains and hosts without case.
  const Provider* find(std::string_view name) const;
  const Provider* for_domain(std::string_view domain) const;
  const Provider* for_host(std::string_view host) const;

  /// The provider of an account: by the domain of its address, unless the account names servers none of
  /// which is that provider's; then by those, in their order.
  const Provider* match(const smtp::Mailbox& address, std::span<const Server> servers) const;

  const std::vector<Provider>& rows() const { return rows_; }

 private:
  std::vector<Provider> rows_;
};

}  // namespace homeward::mail
