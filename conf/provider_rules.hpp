// What a provider's row means for an account: which row holds, and what of it becomes the account's where
// the file says nothing. Called by loader.cpp once the account's own keys are read; product.md 4
// (`provider`).
#pragma once

#include "conf/checks.hpp"
#include "conf/section_reader.hpp"
#include "proxy/mail/provider.hpp"

namespace homeward::conf {

/// Resolves `provider` and fills in servers, login, limits, null_sender and mechanisms. Keys that the account
/// or [defaults] (nullptr: none) gives win. Findings: a provider that there is not, and an account for which
/// no server is known.
void settle_provider(AccountDraft& draft, const Section* defaults, const mail::ProviderTable& table,
                     Findings& findings);

}  // namespace homeward::conf
