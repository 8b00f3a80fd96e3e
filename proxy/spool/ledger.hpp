// The ledger: what the spool does in one part of a transaction, by the rules of entry.hpp and on any Store.
// Called by the writer's thread alone, and once by the start.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/spool/content_folder.hpp"
#include "proxy/spool/store.hpp"

namespace homeward::spool {

/// The content of a new entry: inside, or a finished file that stays when the part is committed.
struct Incoming {
  std::string inside;
  std::shared_ptr<ContentFile> file;
};

/// An entry after an event, and the files that go when that is committed.
struct Applied {
  Entry entry;
  bool remove_file = false;
};

/// Errors: 451 4.3.0 where the id is taken or no id, or the state is none to begin with.
Result<void> record(Store& store, const Entry& entry, const Incoming& content);

/// Errors: 451 4.3.0 where the state does not allow the event; 550 5.1.0 no such message.
Result<Applied> apply(Store& store, std::string_view id, const Event& event, const Moment& now);

/// Restarted for each entry that needs it; returns what happened to which.
Result<std::vector<Applied>> restart(Store& store, const Moment& now);

}  // namespace homeward::spool
