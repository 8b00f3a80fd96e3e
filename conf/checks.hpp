// What no single value shows: that a listener would be an open relay, that an account lacks its password,
// that names exist, that accounts don't claim the same. Called by loader.cpp once all sections are read.
#pragma once

#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "conf/section_reader.hpp"

namespace homeward::conf {

/// The name of the listener that is there where none is given.
inline constexpr std::string_view kDefaultListener = "default";

struct ListenerDraft {
  Section section;
  Listener listener;
};

struct AccountDraft {
  Section section;
  AccountConfig account;
};

void check_listeners(const std::vector<ListenerDraft>& drafts, Findings& findings);
/// `defaults` is the section [defaults], or nullptr: keys given there count as given.
void check_accounts(const std::vector<AccountDraft>& drafts, const Section* defaults,
                    const std::vector<ListenerDraft>& listeners, Findings& findings);
/// At most one source of a password in one section.
void check_password_keys(const Section& section, Findings& findings);
/// Accounts that claim the same senders under the same conditions.
void check_conflicts(const std::vector<AccountDraft>& drafts, Findings& findings);

}  // namespace homeward::conf
