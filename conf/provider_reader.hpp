// The provider table's file (providers.ini) and the [provider NAME] sections of a configuration to the rows
// that mail/provider matches. Both have the same keys: those of a [provider NAME] in schema.cpp. The built-in
// file is part of the binary. Called by loader.cpp; product.md 4 (conf/providers.ini).
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "conf/loader.hpp"
#include "conf/section_reader.hpp"
#include "proxy/mail/provider.hpp"

namespace homeward::conf {

struct ProviderFile {
  std::vector<mail::Provider> rows;
  std::vector<Problem> problems;
};

/// Reads a table that stands for itself: each row says its title, its sources and the day it was checked.
ProviderFile read_providers(std::string_view text);

/// The text of conf/providers.ini as it was at build time.
std::string_view providers_text();

/// Its rows, read once and shared. Tests hold that the file has no fault.
std::shared_ptr<const mail::ProviderTable> built_in_providers();

/// The built-in table with what the [provider NAME] among `sections` say: a section with a row's name
/// changes the keys that it gives; any other is a new row, and new rows are matched first.
std::shared_ptr<const mail::ProviderTable> providers_with(const std::vector<Section>& sections,
                                                          Findings& findings);

}  // namespace homeward::conf
