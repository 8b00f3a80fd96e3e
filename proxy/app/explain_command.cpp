#include "proxy/app/explain_command.hpp"

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "conf/advice_reader.hpp"
#include "proxy/app/json_text.hpp"
#include "proxy/base/text.hpp"
#include "proxy/mail/pasted_text.hpp"

namespace homeward::app {
namespace {

std::string_view cause_name(mail::Cause cause) {
  switch (cause) {
    case mail::Cause::you:
      return "you";
    case mail::Cause::provider:
      return "provider";
    case mail::Cause::network:
      return "network";
    case mail::Cause::homeward:
      return "homeward";
  }
  return {};
}

std::string_view whose_fault(mail::Cause cause) {
  switch (cause) {
    case mail::Cause::you:
      return "yours: the address, the message, or the settings of the program or device";
    case mail::Cause::provider:
      return "a mail server's: the provider's or the recipient's";
    case mail::Cause::network:
      return "the network's: the connection, a firewall, a virus scanner, or the server's name";
    case mail::Cause::homeward:
      return "homeward's own settings";
  }
  return {};
}

std::string code_text(const mail::Finding& finding) {
  std::string out = finding.code ? std::to_string(*finding.code) : "";
  if (finding.enhanced) out += (out.empty() ? "" : " ") + to_string(*finding.enhanced);
  return out;
}

std::string finding_text(const mail::Finding& finding) {
  const auto& advice = *finding.advice;
  const auto code = code_text(finding);
  return fmt::format(
      "{}{}.\n"
      "  Whose fault:        {}\n"
      "  What to do:         {}\n"
      "  Passes by itself:   {}\n",
      advice.sentence, code.empty() ? "" : fmt::format(" ({})", code), whose_fault(advice.cause), advice.cure,
      finding.passes ? "yes, or it may: it is worth trying again" : "no");
}

/// What the code alone says. RFC 5321 §4.2.1.
std::string unknown_text(std::optional<int> code) {
  std::string out = "Unknown: nothing like this is in homeward's catalogue.\n";
  if (code && *code < 500)
    out += fmt::format("  The code {} says that it passes: the server wants it tried again later.\n", *code);
  else if (code)
    out += fmt::format("  The code {} says that it stays: trying again does not help by itself.\n", *code);
  return out +
         "  What to do:         paste the server's own words (the line with a number such as 550 or 535), "
         "or\n"
         "                      the whole box; ask the provider's support with them.\n";
}

std::string finding_json(const mail::Finding& finding) {
  const auto& advice = *finding.advice;
  return json::object({{"name", json::string(advice.name)},
                       {"kind", json::string(advice.kind)},
                       {"sentence", json::string(advice.sentence)},
                       {"cause", json::string(cause_name(advice.cause))},
                       {"cure", json::string(advice.cure)},
                       {"passes", json::boolean(finding.passes)},
                       {"code", finding.code ? std::to_string(*finding.code) : "null"},
                       {"enhanced", finding.enhanced ? json::string(to_string(*finding.enhanced)) : "null"}});
}

/// At most what is looked at; a pipe that goes on for ever does no harm.
std::string read_input() {
  if (isatty(STDIN_FILENO) == 1) fmt::print(stderr, "Paste the text, then press Ctrl-D:\n");
  std::string text;
  std::array<char, 4096> block{};
  while (text.size() < mail::kMaxPasted) {
    const auto count = std::fread(block.data(), 1, block.size(), stdin);
    if (count == 0) break;
    text.append(block.data(), count);
  }
  return text;
}

}  // namespace

std::string explanation_text(const mail::Explanation& explanation) {
  if (explanation.findings.empty()) return unknown_text(explanation.unknown_code);
  std::string out;
  for (const auto& finding : explanation.findings) {
    if (!out.empty()) out += "\nAlso in the text: ";
    out += finding_text(finding);
  }
  return out;
}

std::string explanation_json(const mail::Explanation& explanation) {
  std::vector<std::string> findings;
  for (const auto& finding : explanation.findings) findings.push_back(finding_json(finding));
  return json::object({{"known", json::boolean(!findings.empty())}, {"findings", json::array(findings)}});
}

int run_explain(const std::vector<std::string>& words, bool json) {
  const bool from_input = words.empty() || (words.size() == 1 && words[0] == "-");
  const auto text = from_input ? read_input() : text::join(words, " ");
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    fmt::print(stderr, "homeward explain: no text was given: name it, or pipe it in\n");
    return EX_USAGE;
  }
  const auto explanation = mail::explain(*conf::built_in_advice(), text);
  fmt::print("{}", json ? explanation_json(explanation) + '\n' : explanation_text(explanation));
  return explanation.findings.empty() ? kUnknownText : EX_OK;
}

}  // namespace homeward::app
