// Files of the configuration: opened, checked for who owns and who may change them (on the open
// descriptor, so nothing can be swapped in between), read whole; and the expansion of `include`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/values.hpp"

namespace homeward::conf {

struct FileText {
  std::optional<std::string> text;  ///< nothing where it can't be read
  bool others_may_read = false;     ///< then it may hold no password
  std::vector<Rejection> faults;
};

/// Reads a regular file of at most 1 MiB. Faults: can't be opened, not a regular file, too large, owned by
/// neither root nor this user, or writable by others than its owner.
FileText read_file(const std::filesystem::path& path);

/// The files that `pattern` (glob(7)) matches, sorted; relative patterns begin in `folder`. A pattern
/// without wildcards stands for itself, whether the file exists or not.
std::vector<std::filesystem::path> expand_include(const std::filesystem::path& folder,
                                                  std::string_view pattern);

}  // namespace homeward::conf
