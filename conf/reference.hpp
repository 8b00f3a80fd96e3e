// The reference of all keys, printed from the table: as a commented INI file that can be loaded as it is,
// and as rows for other forms (JSON, the man page). Called by `homeward config`.
#pragma once

#include <string>

namespace homeward::conf {

/// Every section and key with its form, default and help. Keys stand behind "; "; what an account must have
/// stands open, with examples.
std::string reference_text();

}  // namespace homeward::conf
