// Plays a transcript of the listener's side: the real frontend::ClientSession talks to a client and to a
// delivery that both come from the file. README.md has the form.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tests/transcripts/transcript.hpp"

namespace homeward::test {

/// One thing that the client says, and what is to come of it.
struct ClientTurn {
  enum class Act { says, goes, resets, falls_silent, we_drain, we_stop };
  unsigned line = 0;
  Act act = Act::says;
  std::string bytes;
  std::vector<ScriptLine> hears;
  bool hears_hello = false;  ///< any EHLO answer will do
  bool answered = false;     ///< something stands behind it in the file: the next C opens a turn
};

/// One step that the delivery is asked for.
struct DeliveryStep {
  ScriptLine call;
  std::string answer;  ///< "550 5.7.1 text"; "throws"
  std::size_t turn = 0;
  std::optional<std::string> content;
};

struct ClientScript {
  std::vector<ClientTurn> turns;
  std::vector<DeliveryStep> steps;
  bool closed_by_us = false;
};

/// Error: "LINE: what is wrong with the file".
std::expected<ClientScript, std::string> read_client_script(const Transcript& transcript);

/// How it is played: as written, or so that something goes wrong on the way. Then what is said no longer
/// counts, but the delivery must still be asked in the file's order and nothing may stay open.
struct ClientPlay {
  std::size_t octets_per_read = std::string::npos;
  struct Cut {
    std::size_t turn = 0;
    std::size_t octets = 0;  ///< of that turn that still come
  };
  std::optional<Cut> client_vanishes = std::nullopt;
  std::optional<unsigned> failing_write = std::nullopt;  ///< the first write is 0
  bool one_write_a_group = false;                        ///< as written: answers to one group travel together
};

/// What differs from the file, one line each: "LINE: …". Empty: nothing.
std::vector<std::string> play_client(const Transcript& transcript, const ClientScript& script,
                                     const ClientPlay& play);

}  // namespace homeward::test
