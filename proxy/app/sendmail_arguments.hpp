// The command line of `sendmail`, as programs have called it since 4.1BSD: single letters that may be joined
// ("-ti"), values joined or apart ("-fann@x", "-f ann@x"), and `-o` options of which few mean anything here.
// Pure. Called by sendmail_command.cpp.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "proxy/smtp/parameters.hpp"

namespace homeward::app {

enum class SendmailMode : std::uint8_t {
  deliver,  ///< -bm: read a message and hand it over
  smtp,     ///< -bs: SMTP on standard input and output
  queue,    ///< -bp, mailq: list the queue
  retry,    ///< -q: try what waits now
  aliases,  ///< -bi, newaliases: there are none here; nothing to do
  help,     ///< --help
};

struct SendmailArguments {
  SendmailMode mode = SendmailMode::deliver;
  bool recipients_from_header = false;         ///< -t
  bool dot_is_content = false;                 ///< -i, -oi: a line of a dot alone does not end the message
  bool verbose = false;                        ///< -v
  std::optional<std::string> sender;           ///< -f, -r: as written; empty or <> for the null path
  std::string full_name;                       ///< -F
  std::optional<smtp::Notify> notify;          ///< -N
  std::optional<smtp::ReturnContent> returns;  ///< -R
  std::string envelope_id;                     ///< -V, in xtext
  std::vector<std::string> recipients;         ///< as written: each may be a list
  std::filesystem::path config;                ///< -C, --config; empty: the usual one
};

/// `name` is what the program was called as: sendmail, mailq, newaliases. Errors: words for a person.
std::expected<SendmailArguments, std::string> parse_sendmail(const std::string& name,
                                                             const std::vector<std::string>& arguments);

/// What --help prints.
std::string sendmail_help();

}  // namespace homeward::app
