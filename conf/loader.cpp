// load(): files, then sections, then names. Findings never stop it: it goes on to tell everything at once.
#include "conf/loader.hpp"

#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "conf/advice_reader.hpp"
#include "conf/checks.hpp"
#include "conf/directories.hpp"
#include "conf/file_source.hpp"
#include "conf/ini_reader.hpp"
#include "conf/provider_reader.hpp"
#include "conf/provider_rules.hpp"
#include "conf/schema.hpp"
#include "conf/section_reader.hpp"
#include "proxy/base/secret.hpp"
#include "proxy/base/text.hpp"

namespace homeward::conf {
namespace {

namespace fs = std::filesystem;

struct Source {
  std::string file;
  fs::path folder;
  IniFile ini;
};

std::string machine_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return parse_domain(name.data()).value_or("localhost");
}

std::vector<Network> loopback_networks() {
  std::vector<Network> networks;
  for (const auto* text : {"127.0.0.0/8", "::1"})
    if (const auto network = Network::parse(text)) networks.push_back(*network);
  return networks;
}

SocketAddress loopback(std::string_view address) {
  return {IpAddress::parse(address).value_or(IpAddress{}), 25};
}

Listener new_listener(std::string name, std::vector<ListenAddress> addresses) {
  return {.name = std::move(name), .addresses = std::move(addresses), .allow = loopback_networks()};
}

AccountConfig new_account() {
  AccountConfig account;
  if (auto own = mail::SenderPattern::parse("own")) account.rules.senders.push_back(*std::move(own));
  return account;
}

class Loader {
 public:
  ~Loader() {
    for (auto& source : sources_) wipe_values(source.ini);
  }
  Loader() = default;
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  Loaded load(const fs::path& file);

 private:
  bool is_known(const fs::path& file) const;
  void read_source(const fs::path& file);
  void take_source(const fs::path& file, FileText content);
  void read_includes();
  void read_included(const fs::path& file, const Problem& place);
  void check_secret_mode(const Source& source, bool others_may_read);
  void sort_sections(const Source& source);
  std::optional<Section> classify(const Source& source, const IniSection& body);
  bool is_repeated(const Section& section);
  void check_only(const Section& section);
  void read_general();
  void read_providers();
  void read_listeners();
  void read_accounts();
  void resolve_default_account();
  void resolve_directories();
  std::shared_ptr<const Config> finish();
  std::vector<Problem> sorted_problems();

  std::list<Source> sources_;  // sections refer to them
  std::vector<Section> sections_;
  const Section* defaults_ = nullptr;
  HomewardSection general_;
  std::vector<ListenerDraft> listeners_;
  std::vector<AccountDraft> accounts_;
  Findings findings_;
};

Loaded Loader::load(const fs::path& file) {
  read_source(file);
  read_includes();
  for (const auto& source : sources_) sort_sections(source);
  read_general();
  read_providers();
  read_listeners();
  read_accounts();
  if (!sources_.empty() && sources_.front().ini.faults.empty() && accounts_.empty())
    findings_.add({sources_.front().file, 0, "", "there is no account, so no mail could be sent",
                   "add a section [account NAME] with address, server and a password"});
  resolve_default_account();
  resolve_directories();
  check_listeners(listeners_, findings_);
  check_accounts(accounts_, defaults_, listeners_, findings_);
  check_conflicts(accounts_, findings_);
  if (!findings_.empty()) return std::unexpected(sorted_problems());
  return finish();
}

bool Loader::is_known(const fs::path& file) const {
  return std::ranges::any_of(sources_, [&](const Source& source) {
    std::error_code code;
    return fs::equivalent(source.file, file, code);
  });
}

void Loader::read_source(const fs::path& file) {
  take_source(file, read_file(file));
}

void Loader::take_source(const fs::path& file, FileText content) {
  for (auto& [finding, cure] : content.faults)
    findings_.add({file.string(), 0, "", std::move(finding), std::move(cure)});
  if (!content.text) return;
  auto& source = sources_.emplace_back(Source{file.string(), file.parent_path(), read_ini(*content.text)});
  wipe(*content.text);
  for (const auto& [line, finding, cure] : source.ini.faults)
    findings_.add({source.file, line, "", finding, cure});
  check_secret_mode(source, content.others_may_read);
}

void Loader::check_secret_mode(const Source& source, bool others_may_read) {
  if (!others_may_read) return;
  for (const auto& section : source.ini.sections)
    for (const auto& entry : section.entries) {
      const Key* key = find_key(SectionKind::account, entry.name);
      if (key == nullptr || key->care != Care::secret || entry.value.empty()) continue;
      if (key->holds_secret != nullptr && !key->holds_secret(entry.value)) continue;
      const auto* other_way = entry.name == "password" ? ", or use password_command" : "";
      findings_.add({source.file, entry.line, fmt::format("[{}] {}", section.name, entry.name),
                     "stands in a file that every user of this machine can read",
                     fmt::format("chmod o-r {} and change the password{}", source.file, other_way)});
    }
}

// Only the main file includes; what it names is read at once, so all sections are there to be sorted.
void Loader::read_includes() {
  if (sources_.empty()) return;
  const auto& main = sources_.front();
  for (const auto& section : main.ini.sections) {
    if (section.name != "homeward") continue;
    for (const auto& entry : section.entries) {
      if (entry.name != "include") continue;
      for (const auto pattern : text::split(entry.value, ','))
        for (const auto& file : expand_include(main.folder, pattern))
          read_included(file, {main.file, entry.line, "[homeward] include", "", ""});
    }
  }
}

// What can't be read at all is told where it is included; the rest, in the file itself.
void Loader::read_included(const fs::path& file, const Problem& place) {
  if (is_known(file)) return;
  auto content = read_file(file);
  if (content.text) return take_source(file, std::move(content));
  for (const auto& [finding, cure] : content.faults)
    findings_.add({place.file, place.line, place.key, fmt::format("{} {}", file.string(), finding), cure});
}

void Loader::sort_sections(const Source& source) {
  for (const auto& body : source.ini.sections) {
    if (body.name.empty()) continue;  // told already
    auto section = classify(source, body);
    if (!section) continue;
    if (section->heading == Heading::homeward && &source != &sources_.front() &&
        section->find("include") != nullptr)
      findings_.add(*section, "include",
                    {"stands in an included file", "only the main file may include others"});
    if (is_repeated(*section))
      check_only(*section);
    else
      sections_.push_back(*std::move(section));
  }
}

// A repeated section's keys are looked at for their own faults, and go nowhere.
void Loader::check_only(const Section& section) {
  HomewardSection general;
  Listener listener;
  AccountConfig account;
  mail::Provider provider;
  switch (section.heading) {
    case Heading::homeward:
      return apply(section, general, findings_);
    case Heading::listener:
      return apply(section, listener, findings_);
    case Heading::defaults:
    case Heading::account:
      return apply(section, account, findings_);
    case Heading::provider:
      return apply(section, provider, findings_);
  }
}

std::optional<Section> Loader::classify(const Source& source, const IniSection& body) {
  const auto blank = body.name.find(' ');
  const auto kind = std::string_view(body.name).substr(0, blank);
  const auto name =
      blank == std::string::npos ? std::string_view{} : std::string_view(body.name).substr(blank + 1);
  Section section{.heading = Heading::homeward,
                  .name = std::string(name),
                  .file = &source.file,
                  .folder = &source.folder,
                  .body = &body};
  const auto refuse = [&](std::string finding, std::string cure) {
    findings_.add({source.file, body.line, fmt::format("[{}]", text::printable(body.name, 49)),
                   std::move(finding), std::move(cure)});
    return std::nullopt;
  };
  if (kind == "homeward" || kind == "defaults") {
    if (!name.empty()) return refuse("has a name", fmt::format("write [{}]", kind));
    section.heading = kind == "homeward" ? Heading::homeward : Heading::defaults;
    return section;
  }
  if (is_later_section(kind)) return refuse("is not in this version yet", "leave it out");
  if (kind != "listener" && kind != "account" && kind != "provider") {
    static constexpr auto kKinds =
        std::to_array<std::string_view>({"homeward", "defaults", "listener", "account", "provider"});
    const auto near = text::nearest(kind, kKinds);
    return refuse("is not a section that is known",
                  near.empty()
                      ? "write [homeward], [defaults], [listener NAME], [account NAME] or [provider NAME]"
                      : fmt::format("did you mean [{}]?", near));
  }
  if (auto fine = parse_name(name); !fine) return refuse(fine.error().finding, fine.error().cure);
  if (kind != "listener" && text::equals_ignoring_case(name, "none"))
    return refuse(fmt::format("has a name that means no {}", kind), "choose another name");
  section.heading = kind == "listener"  ? Heading::listener
                    : kind == "account" ? Heading::account
                                        : Heading::provider;
  return section;
}

bool Loader::is_repeated(const Section& section) {
  const auto first = std::ranges::find_if(sections_, [&](const Section& other) {
    return other.heading == section.heading && text::equals_ignoring_case(other.name, section.name);
  });
  if (first == sections_.end()) return false;
  findings_.add(section, "",
                {fmt::format("is given twice (first in {}:{})", *first->file, first->body->line),
                 section.name.empty() ? "put its keys there" : "put its keys there, or choose another name"});
  return true;
}

void Loader::read_general() {
  for (const auto& section : sections_)
    if (section.heading == Heading::homeward) apply(section, general_, findings_);
  if (general_.config.hostname.empty()) general_.config.hostname = machine_name();
}

void Loader::read_providers() {
  const bool any = std::ranges::find(sections_, Heading::provider, &Section::heading) != sections_.end();
  general_.config.providers = any ? providers_with(sections_, findings_) : built_in_providers();
}

void Loader::read_listeners() {
  for (const auto& section : sections_) {
    if (section.heading != Heading::listener) continue;
    auto listener = new_listener(section.name, {loopback("127.0.0.1")});
    apply(section, listener, findings_);
    listeners_.push_back({section, std::move(listener)});
  }
}

void Loader::read_accounts() {
  auto model = new_account();
  const auto defaults = std::ranges::find(sections_, Heading::defaults, &Section::heading);
  if (defaults != sections_.end()) {
    defaults_ = &*defaults;
    apply(*defaults, model, findings_);
    check_password_keys(*defaults, findings_);
    if (defaults->find("address") != nullptr)
      findings_.add(*defaults, "address",
                    {"can't be the same for all accounts", "put it into each [account NAME]"});
  }
  for (const auto& section : sections_) {
    if (section.heading != Heading::account) continue;
    auto account = model;
    account.rules.name = section.name;
    apply(section, account, findings_);
    auto& draft = accounts_.emplace_back(AccountDraft{section, std::move(account)});
    settle_provider(draft, defaults_, *general_.config.providers, findings_);
  }
}

void Loader::resolve_default_account() {
  auto& resolved = general_.config.default_account;
  const auto& wanted = general_.default_account;
  if (!wanted) {
    if (accounts_.size() == 1) resolved = accounts_.front().account.name();
    return;
  }
  if (*wanted == "none") return;
  std::vector<std::string_view> names;
  for (const auto& draft : accounts_) names.push_back(draft.account.name());
  if (std::ranges::find(names, *wanted) != names.end()) {
    resolved = *wanted;
    return;
  }
  const auto& section = *std::ranges::find(sections_, Heading::homeward, &Section::heading);
  const auto near = text::nearest(*wanted, names);
  findings_.add(
      section, "default_account",
      {fmt::format("there is no account {}", *wanted),
       near.empty() ? "name an account of this file, or none" : fmt::format("did you mean {}?", near)});
}

void Loader::resolve_directories() {
  if (sources_.empty()) return;
  auto& config = general_.config;
  const auto around = surroundings();
  auto state = choose_state_directory(config.state_directory, around);
  if (!state)
    return findings_.add({sources_.front().file, 0, "[homeward] state_directory",
                          std::move(state.error().finding), std::move(state.error().cure)});
  config.state_directory = *std::move(state);
  config.runtime_directory =
      choose_runtime_directory(config.runtime_directory, around, config.state_directory);
  if (!config.spool_file.empty()) config.spool_file = std::filesystem::absolute(config.spool_file);
}

std::shared_ptr<const Config> Loader::finish() {
  auto& config = general_.config;
  config.advice = built_in_advice();
  for (auto& draft : listeners_) config.listeners.push_back(std::move(draft.listener));
  for (auto& draft : accounts_) config.accounts.push_back(std::move(draft.account));
  config.default_listener = config.listeners.empty();
  if (config.default_listener)
    config.listeners.push_back(
        new_listener(std::string(kDefaultListener), {loopback("127.0.0.1"), loopback("::1")}));
  return std::make_shared<const Config>(std::move(config));
}

// By file, in the order in which they were read, then by line.
std::vector<Problem> Loader::sorted_problems() {
  std::multimap<std::pair<std::ptrdiff_t, unsigned>, Problem> ordered;
  for (auto& problem : findings_.problems()) {
    const auto source = std::ranges::find(sources_, problem.file, &Source::file);
    const auto place = std::pair(std::distance(sources_.begin(), source), problem.line);
    ordered.emplace(place, std::move(problem));
  }
  std::vector<Problem> problems;
  for (auto& [place, problem] : ordered) problems.push_back(std::move(problem));
  return problems;
}

}  // namespace

std::string Problem::to_string() const {
  auto result = line == 0 ? fmt::format("{}: ", file) : fmt::format("{}:{}: ", file, line);
  if (!key.empty()) result += fmt::format("{}: ", key);
  result += finding;
  if (!cure.empty()) result += fmt::format("; {}", cure);
  return result;
}

Loaded load(const std::filesystem::path& file) {
  return Loader().load(file);
}

std::filesystem::path default_file() {
  fs::path folder;
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config == '/')
    folder = config;  // relative ones are to be ignored (XDG Base Directory Specification)
  else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    folder = fs::path(home) / ".config";
  std::error_code code;
  if (!folder.empty() && fs::exists(folder / "homeward" / "homeward.ini", code))
    return folder / "homeward" / "homeward.ini";
  return "/etc/homeward/homeward.ini";
}

}  // namespace homeward::conf
