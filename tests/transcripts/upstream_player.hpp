// Plays a transcript of the upstream side: a server from the file against smtp::ClientDialog and
// upstream::LoginDialog, without I/O. README.md has the form.
#pragma once

#include <string>
#include <vector>

#include "tests/transcripts/transcript.hpp"

namespace homeward::test {

/// What differs from the file, one line each: "LINE: …". Empty: nothing.
std::vector<std::string> play_upstream(const Transcript& transcript);

}  // namespace homeward::test
