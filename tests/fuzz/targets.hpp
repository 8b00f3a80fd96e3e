// The fuzz targets: each takes any octets, runs a parser over them and throws BrokenPromise where what the
// parser promises does not hold. Called by driver.cpp (libFuzzer) and corpus_test.cpp (seeds, in every
// build).
#pragma once

#include <stdexcept>
#include <string_view>

namespace homeward::fuzz {

struct BrokenPromise : std::logic_error {
  using std::logic_error::logic_error;
};

inline void promise(bool kept, const char* what) {
  if (!kept) throw BrokenPromise(what);
}

/// A client's bytes: lines are split, each line is parsed, strict and tolerant.
void fuzz_command_line(std::string_view input);
/// A server's bytes: whole and in pieces.
void fuzz_reply(std::string_view input);
/// What stands behind "FROM:" or "TO:", and an address alone.
void fuzz_path(std::string_view input);
/// Content from the wire to the wire; the first octet chooses how it is cut and whether a bare LF is mended.
void fuzz_dot_codec(std::string_view input);
/// What stands behind "From:".
void fuzz_from_field(std::string_view input);
/// A message; the first octet chooses what is to be done to its header, and how it is cut.
void fuzz_header(std::string_view input);

}  // namespace homeward::fuzz
