#include "conf/provider_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "conf/schema.hpp"
#include "proxy/base/text.hpp"

namespace homeward::conf {
namespace {

using mail::Provider;

constexpr std::string_view kFile = "conf/providers.ini";
constexpr std::string_view kHeading = "provider ";

// What a row must say that is to be believed by people who did not write it.
void check_whole(const Section& section, const Provider& row, Findings& findings) {
  const auto missing = [&](std::string_view key) {
    findings.add(section, key, {"is missing", "say it for each row of the table"});
  };
  if (row.title.empty()) missing("title");
  if (row.sources.empty()) missing("source");
  if (!row.checked) missing("checked");
  if (row.domains.empty() && row.servers.empty() && row.hosts.empty()) missing("domains");
  if (row.servers.empty() && row.hint.empty()) missing("servers");
}

// A new row that nothing leads to is a built-in one with a slip in its name.
void check_of_use(const Section& section, const Provider& row, const mail::ProviderTable& table,
                  Findings& findings) {
  if (!row.domains.empty() || !row.servers.empty() || !row.hosts.empty()) return;
  std::vector<std::string_view> names;
  for (const auto& known : table.rows()) names.push_back(known.name);
  const auto near = text::nearest(row.name, names);
  findings.add(section, "",
               {"is no provider of the table, and says neither domains nor servers",
                near.empty() ? "add domains = isp.example and servers = smtps://mail.isp.example"
                             : fmt::format("did you mean [provider {}]?", near)});
}

std::shared_ptr<const mail::ProviderTable> make_table(std::vector<Provider> rows) {
  return std::make_shared<const mail::ProviderTable>(std::move(rows));
}

}  // namespace

ProviderFile read_providers(std::string_view text) {
  const std::string file(kFile);
  const std::filesystem::path folder("/");
  const auto ini = read_ini(text);
  Findings findings;
  for (const auto& [line, finding, cure] : ini.faults) findings.add({file, line, "", finding, cure});
  std::vector<Provider> rows;
  for (const auto& body : ini.sections) {
    if (!body.name.starts_with(kHeading)) {
      findings.add(
          {file, body.line, fmt::format("[{}]", body.name), "is no provider", "write [provider NAME]"});
      continue;
    }
    Section section{.heading = Heading::provider,
                    .name = text::to_lower(body.name.substr(kHeading.size())),
                    .file = &file,
                    .folder = &folder,
                    .body = &body};
    if (auto name = parse_name(section.name); !name) findings.add(section, "", std::move(name.error()));
    if (std::ranges::find(rows, section.name, &Provider::name) != rows.end())
      findings.add(section, "", {"is given twice", "rename it"});
    auto& row = rows.emplace_back();
    row.name = section.name;
    apply(section, row, findings);
    check_whole(section, row, findings);
  }
  return {.rows = std::move(rows), .problems = std::move(findings.problems())};
}

std::shared_ptr<const mail::ProviderTable> built_in_providers() {
  static const auto table = make_table(read_providers(providers_text()).rows);
  return table;
}

std::shared_ptr<const mail::ProviderTable> providers_with(const std::vector<Section>& sections,
                                                          Findings& findings) {
  const auto built_in = built_in_providers();
  auto known = built_in->rows();
  std::vector<Provider> rows;
  for (const auto& section : sections) {
    if (section.heading != Heading::provider) continue;
    const auto name = text::to_lower(section.name);
    const auto row = std::ranges::find(known, name, &Provider::name);
    if (row != known.end()) {
      apply(section, *row, findings);
      continue;
    }
    auto& added = rows.emplace_back();
    added.name = name;
    added.title = section.name;
    apply(section, added, findings);
    check_of_use(section, added, *built_in, findings);
  }
  rows.insert(rows.end(), std::make_move_iterator(known.begin()), std::make_move_iterator(known.end()));
  return make_table(std::move(rows));
}

}  // namespace homeward::conf
