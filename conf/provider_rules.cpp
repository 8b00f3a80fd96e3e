#include "conf/provider_rules.hpp"

#include <fmt/format.h>

#include "proxy/base/text.hpp"

namespace homeward::conf {
namespace {

using mail::Provider;
using mail::ProviderTable;

constexpr std::string_view kNone = "none";

class Settler {
 public:
  Settler(AccountDraft& draft, const Section* defaults, const ProviderTable& table, Findings& findings)
      : section_(draft.section),
        account_(draft.account),
        defaults_(defaults),
        table_(table),
        findings_(findings) {}

  void run() {
    const auto* row = find_row();
    account_.provider = row == nullptr ? "" : row->name;
    if (row != nullptr) take(*row);
    if (account_.login.empty()) account_.login = account_.rules.address.to_string();
    if (account_.servers.empty() && !is_given("server") && !unknown_) tell_missing_server(row);
  }

 private:
  bool is_given(std::string_view key) const {
    return section_.find(key) != nullptr || (defaults_ != nullptr && defaults_->find(key) != nullptr);
  }

  const Provider* find_row() {
    const auto wanted = account_.provider;
    if (wanted.empty()) return table_.match(account_.rules.address, account_.servers);
    if (text::equals_ignoring_case(wanted, kNone)) return nullptr;
    const auto* row = table_.find(wanted);
    if (row == nullptr) tell_unknown(wanted);
    return row;
  }

  void tell_unknown(std::string_view wanted) {
    unknown_ = true;
    std::vector<std::string_view> names{kNone};
    for (const auto& row : table_.rows()) names.push_back(row.name);
    const auto near = text::nearest(wanted, names);
    const bool own = section_.find("provider") != nullptr || defaults_ == nullptr;
    findings_.add(own ? section_ : *defaults_, "provider",
                  {fmt::format("there is no provider {}", wanted),
                   near.empty() ? fmt::format("name one that homeward providers lists, add [provider {}], or "
                                              "write none",
                                              wanted)
                                : fmt::format("did you mean {}? (all: homeward providers)", near)});
  }

  void take(const Provider& row) {
    if (!is_given("server")) account_.servers = row.servers;
    if (!is_given("login") && row.login == mail::LoginForm::local_part)
      account_.login = account_.rules.address.local_part();
    if (!is_given("pool_size") && row.connections) account_.pool_size = *row.connections;
    if (!is_given("rate")) account_.rate = row.rate;
    if (!is_given("recipients_per_message")) account_.recipients_per_message = row.recipients_per_message;
    if (!is_given("max_message_size")) account_.max_message_size = row.max_message_size;
    // The two whose `auto` means the table's word, whether it is written or not.
    if (account_.rules.null_sender == mail::NullSender::automatic && row.null_sender == false)
      account_.rules.null_sender = mail::NullSender::rewrite;
    if (account_.mechanisms.empty() && row.has(mail::ProviderQuirk::login_only))
      account_.mechanisms = {"LOGIN"};
  }

  void tell_missing_server(const Provider* row) {
    const auto& domain = account_.rules.address.domain();
    std::string cure =
        "add server = submission.isp.example, or provider = NAME (homeward providers lists them)";
    if (row != nullptr) {
      cure = row->hint.empty() ? fmt::format("[provider {}] says no servers: {}", row->name, cure)
                               : fmt::format("{} ({})", row->hint, row->title);
    } else if (const auto near = nearest_domain(domain); !near.empty()) {
      cure = fmt::format("did you mean @{} in address? Else {}", near, cure);
    } else if (!domain.empty()) {
      cure = fmt::format("no provider that is known here has mailboxes at {}: {}", domain, cure);
    }
    findings_.add(section_, "server", {"is missing", std::move(cure)});
  }

  std::string_view nearest_domain(std::string_view domain) const {
    std::vector<std::string_view> domains;
    for (const auto& row : table_.rows())
      for (const auto& pattern : row.domains)
        if (!pattern.below) domains.push_back(pattern.domain);
    return domain.empty() ? std::string_view{} : text::nearest(domain, domains);
  }

  const Section& section_;
  AccountConfig& account_;
  const Section* defaults_;
  const ProviderTable& table_;
  Findings& findings_;
  bool unknown_ = false;  ///< told already
};

}  // namespace

void settle_provider(AccountDraft& draft, const Section* defaults, const ProviderTable& table,
                     Findings& findings) {
  Settler(draft, defaults, table, findings).run();
}

}  // namespace homeward::conf
