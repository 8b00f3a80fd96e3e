// Memory that starting up needed and running does not: given back once, when the service is ready.
#pragma once

namespace homeward::app {

/// Pages of the program and its libraries that were read at start (relocations, tables of symbols, the
/// parsers of the configuration) count as ours until somebody else wants the memory. What is needed again
/// comes back from the page cache by itself. Nothing that was ever written is touched; where the system does
/// not tell (no /proc), nothing happens.
void release_startup_memory();

}  // namespace homeward::app
