// The story that `homeward sandbox --story` tells: one mail program, three times the same commands: at home,
// roaming, and roaming through homeward (a real one, as a process of its own). product.md 1
#pragma once

#include <string>

#include "proxy/app/sandbox/folder.hpp"
#include "proxy/app/sandbox/home_server.hpp"
#include "proxy/base/result.hpp"

namespace homeward::app::sandbox {

struct StoryFacts {
  const Folder& folder;
  HomePorts home;
  std::uint16_t homeward_port = 0;  ///< as in the folder's configuration
  std::string address;              ///< of the account
  int stop = -1;                    ///< readable once the story is to end early
};

/// Tells it on standard output. Error: what went otherwise than it should have.
Result<void> tell_story(const StoryFacts& facts);

/// The arguments with which this program serves a sandbox's configuration.
std::vector<std::string> serve_arguments(const Folder& folder);

}  // namespace homeward::app::sandbox
