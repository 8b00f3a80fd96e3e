// Runs every transcript of both folders: as written, octet by octet, and with the client vanishing or the
// line breaking at every point on the way.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "proxy/base/log.hpp"
#include "tests/support/catch.hpp"
#include "tests/transcripts/client_player.hpp"
#include "tests/transcripts/upstream_player.hpp"

namespace homeward::test {
namespace {

constexpr std::size_t kLeastTranscripts = 120;
/// So many points of a turn are tried at most: long contents are all alike in their middle.
constexpr std::size_t kMostCuts = 60;
constexpr unsigned kMostWrites = 60;

std::vector<std::filesystem::path> files_of(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(HOMEWARD_TRANSCRIPTS) + "/" + folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

void report(const std::string& file, const std::vector<std::string>& problems) {
  for (const auto& problem : problems) FAIL_CHECK(file << ":" << problem);
}

struct ClientFile {
  std::string name;
  Transcript transcript;
  ClientScript script;
};

/// Every readable file of the client's folder; the others have failed the test.
std::vector<ClientFile> client_files() {
  log::configure(log::Level::error, log::Format::text);  // each refused message is a line else
  std::vector<ClientFile> out;
  for (const auto& file : files_of("client")) {
    const auto name = "client/" + file.filename().string();
    auto transcript = read_transcript(file);
    if (!transcript) {
      FAIL_CHECK(transcript.error());
      continue;
    }
    auto script = read_client_script(*transcript);
    if (!script) {
      report(name, {script.error()});
      continue;
    }
    out.push_back({name, std::move(*transcript), std::move(*script)});
  }
  return out;
}

}  // namespace

TEST_CASE("transcripts: there are as many as there should be", "[transcripts]") {
  const auto client = files_of("client").size();
  const auto upstream = files_of("upstream").size();
  std::cout << "transcripts: " << client << " of clients, " << upstream << " of upstreams\n";
  CHECK(client > 0);
  CHECK(upstream > 0);
  CHECK(client + upstream >= kLeastTranscripts);
}

TEST_CASE("transcripts: clients, as written", "[transcripts]") {
  for (const auto& file : client_files()) {
    report(file.name, play_client(file.transcript, file.script, {.one_write_a_group = true}));
    SUCCEED(file.name);
  }
}

TEST_CASE("transcripts: clients, octet by octet", "[transcripts]") {
  for (const auto& file : client_files()) {
    if (file.transcript.has("segments")) continue;  // what comes together makes a difference there
    report(file.name + " octet by octet", play_client(file.transcript, file.script, {.octets_per_read = 1}));
    SUCCEED(file.name);
  }
}

TEST_CASE("transcripts: clients that vanish at any octet leave nothing behind", "[transcripts]") {
  for (const auto& file : client_files()) {
    for (std::size_t turn = 1; turn < file.script.turns.size(); ++turn) {
      const auto size = file.script.turns[turn].bytes.size();
      const auto step = file.transcript.has("segments") ? size + 1 : size / kMostCuts + 1;
      for (std::size_t octets = 0; octets < size; octets += step) {
        const auto problems =
            play_client(file.transcript, file.script, {.client_vanishes = {{turn, octets}}});
        report(file.name + " cut in turn " + std::to_string(turn) + " at " + std::to_string(octets),
               problems);
      }
    }
    SUCCEED(file.name);
  }
}

TEST_CASE("transcripts: clients that no longer read leave nothing behind", "[transcripts]") {
  for (const auto& file : client_files()) {
    const auto writes = std::min<std::size_t>(file.script.turns.size() + 1, kMostWrites);
    for (unsigned write = 0; write < writes; ++write) {
      report(file.name + " without write " + std::to_string(write),
             play_client(file.transcript, file.script, {.failing_write = write}));
    }
    SUCCEED(file.name);
  }
}

TEST_CASE("transcripts: upstreams, as written", "[transcripts]") {
  for (const auto& file : files_of("upstream")) {
    auto transcript = read_transcript(file);
    if (!transcript) {
      FAIL_CHECK(transcript.error());
      continue;
    }
    report("upstream/" + transcript->name, play_upstream(*transcript));
    SUCCEED(transcript->name);
  }
}

}  // namespace homeward::test
