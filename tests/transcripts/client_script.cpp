// From the lines of a transcript to the turns of its client and the steps of its delivery.
#include <fmt/format.h>

#include <map>
#include <utility>

#include "tests/transcripts/client_player.hpp"

namespace homeward::test {
namespace {

class Reader {
 public:
  std::expected<ClientScript, std::string> read(const Transcript& transcript) {
    script_.turns.emplace_back();  // the client connects
    for (const auto& line : transcript.lines) {
      if (script_.closed_by_us) return bad(line, "nothing may stand behind `closed`");
      if (auto taken = take(line); !taken) return std::unexpected(taken.error());
    }
    if (!content_.empty()) return std::unexpected(std::string("content that no step takes"));
    return std::move(script_);
  }

 private:
  using Taken = std::expected<void, std::string>;

  static std::unexpected<std::string> bad(const ScriptLine& line, std::string_view why) {
    return std::unexpected(fmt::format("{}: {}", line.number, why));
  }
  ClientTurn& turn() { return script_.turns.back(); }

  ClientTurn& begin(const ScriptLine& line, ClientTurn::Act act) {
    auto& begun = script_.turns.emplace_back();
    begun.line = line.number;
    begun.act = act;
    return begun;
  }

  Taken take(const ScriptLine& line) {
    static const std::map<std::string, std::vector<ScriptLine>> kAbbreviations = {
        {"hello", {{0, "S", "220 mx.home.test ESMTP homeward"}, {0, "C", "EHLO client.test"}}},
        {"envelope",
         {{0, "C", "MAIL FROM:<ann@x.test>"},
          {0, "U", "mail <ann@x.test>"},
          {0, "S", "250 2.1.0 Sender OK"},
          {0, "C", "RCPT TO:<bob@y.test>"},
          {0, "U", "rcpt <bob@y.test>"},
          {0, "S", "250 2.1.5 Recipient OK"}}},
        {"content", {{0, "C", "DATA"}, {0, "U", "data"}, {0, "S", "354 Go ahead"}}},
    };
    static const std::map<std::string, ClientTurn::Act> kActs = {
        {"--", ClientTurn::Act::says},        {"gone", ClientTurn::Act::goes},
        {"reset", ClientTurn::Act::resets},   {"silent", ClientTurn::Act::falls_silent},
        {"drain", ClientTurn::Act::we_drain}, {"stop", ClientTurn::Act::we_stop},
    };
    if (const auto act = kActs.find(line.tag); act != kActs.end()) {
      begin(line, act->second);
    } else if (kAbbreviations.contains(line.tag)) {
      for (auto meant : kAbbreviations.at(line.tag)) {
        meant.number = line.number;
        if (auto taken = take(meant); !taken) return taken;
      }
      if (line.tag == "hello") turn().hears_hello = turn().answered = true;
    } else if (line.tag == "C") {
      take_client(line);
    } else if (line.tag == "S") {
      turn().hears.push_back(line);
      turn().answered = true;
    } else if (line.tag == "D") {
      has_content_ = turn().answered = true;
      content_ += line.raw ? line.text : line.text + "\r\n";
    } else if (line.tag == "U") {
      return take_step(line);
    } else if (line.tag == "closed") {
      script_.closed_by_us = true;
    } else {
      return bad(line, "has no place in a client's transcript");
    }
    return {};
  }

  void take_client(const ScriptLine& line) {
    const bool first = script_.turns.size() == 1;
    if (first || turn().answered || turn().act != ClientTurn::Act::says) begin(line, ClientTurn::Act::says);
    turn().bytes += line.raw ? line.text : line.text + "\r\n";
  }

  Taken take_step(const ScriptLine& line) {
    static const std::map<std::string, std::string> kUsual = {{"mail", "250 2.1.0 Sender OK"},
                                                              {"rcpt", "250 2.1.5 Recipient OK"},
                                                              {"data", "354 Go ahead"},
                                                              {"commit", "250 2.0.0 Taken"},
                                                              {"abort", "250"}};
    DeliveryStep step{.call = line, .answer = {}, .turn = script_.turns.size() - 1, .content = {}};
    const auto usual = kUsual.find(line.text.substr(0, line.text.find(' ')));
    if (usual == kUsual.end()) return bad(line, "no such step: mail, rcpt, data, commit or abort");
    step.answer = usual->second;
    if (const auto arrow = line.text.find(" -> "); arrow != std::string::npos) {
      step.answer = line.text.substr(arrow + 4);
      step.call.text.resize(arrow);
    }
    if (has_content_ || usual->first == "commit") {
      step.content = std::exchange(content_, {});
      has_content_ = false;
    }
    turn().answered = true;
    script_.steps.push_back(std::move(step));
    return {};
  }

  ClientScript script_;
  std::string content_;
  bool has_content_ = false;
};

}  // namespace

std::expected<ClientScript, std::string> read_client_script(const Transcript& transcript) {
  return Reader().read(transcript);
}

}  // namespace homeward::test
