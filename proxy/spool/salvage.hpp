// Salvage: takes over from a damaged database of ours what can be read of it, row by row. The damaged file
// is only read.
#pragma once

#include <string>
#include <unordered_map>

#include "proxy/spool/sqlite_store.hpp"

namespace homeward::spool {

struct Salvaged {
  std::size_t taken = 0;  ///< messages
  std::size_t lost = 0;   ///< messages that were seen but not whole
};

/// From the database at `path` into `store`, which is new. `files`: the contents that are files, with sizes.
Salvaged salvage(const std::string& path, SqliteStore& store,
                 const std::unordered_map<std::string, std::int64_t>& files);

}  // namespace homeward::spool
