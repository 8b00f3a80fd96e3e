// The program: which command, which options. Each command stands in a file of its own.
#include <fmt/format.h>
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/app/check_command.hpp"
#include "proxy/app/command_line.hpp"
#include "proxy/app/config_command.hpp"
#include "proxy/app/daemon.hpp"
#include "proxy/app/explain_command.hpp"
#include "proxy/app/providers_command.hpp"
#include "proxy/app/sandbox/sandbox_command.hpp"
#include "proxy/app/sendmail_command.hpp"
#include "proxy/base/text.hpp"

namespace homeward::app {
namespace {

constexpr const char* kExamples = R"(Examples:
  homeward config > homeward.ini          all keys with their defaults, to start from
  homeward check --config homeward.ini    what is wrong with it, and who may use which account
  homeward serve --config homeward.ini    run in the foreground
  homeward explain '550 Relaying denied'   what a server's words or an error box mean, and what to do
  homeward status                         what runs, what waits, how the accounts are
  homeward sandbox --story                the whole thing shown on this machine, with nothing set up

Without --config: $XDG_CONFIG_HOME/homeward/homeward.ini if it exists, else /etc/homeward/homeward.ini.)";

void add_serve(CLI::App& program, CommonOptions& common, std::optional<std::string>& user, Run& run) {
  auto* serve = program.add_subcommand("serve", "Run in the foreground, as a service manager wants it");
  add_config(*serve, common);
  serve->add_option("--user", user, "The user to become, where root starts it (default: homeward)")
      ->type_name("NAME");
  serve->footer(
      "SIGHUP reloads the configuration without dropping a session; SIGTERM finishes what runs and ends.\n"
      "Example: homeward serve --config /etc/homeward/homeward.ini");
  serve->callback([&] { run = [&] { return run_serve({common.file(), user, HOMEWARD_VERSION}); }; });
}

void add_check(CLI::App& program, CommonOptions& common, Run& run) {
  auto* check =
      program.add_subcommand("check", "Read the configuration and tell everything that is wrong with it");
  add_config(*check, common);
  add_json(*check, common);
  check->footer("Exit status: 0 it is good, 78 it is not.\nExample: homeward check --config homeward.ini");
  check->callback([&] { run = [&] { return run_check(common.file(), common.json); }; });
}

void add_config_command(CLI::App& program, CommonOptions& common, Run& run) {
  auto* config = program.add_subcommand("config", "Print the reference of all keys, with their defaults");
  add_json(*config, common);
  config->footer("Example: homeward config | less");
  config->callback([&] { run = [&] { return run_config(common.json); }; });
}

void add_providers(CLI::App& program, CommonOptions& common, ProvidersOptions& options, Run& run) {
  auto* providers =
      program.add_subcommand("providers", "The mail providers that are known, or all about one");
  providers->add_option("NAME", options.name,
                        "Its name in the table, or an address, a domain or a server of it");
  add_config(*providers, common);
  add_json(*providers, common);
  providers->footer(
      "Exit status: 0 done, 64 no such provider, 78 the file named by --config is not right.\n"
      "Examples:\n  homeward providers\n  homeward providers gmx\n  homeward providers ann@gmail.com --json");
  providers->callback([&] {
    run = [&] {
      options.config = common.file();
      options.config_was_named = !common.config.empty();
      options.json = common.json;
      return run_providers(options);
    };
  });
}

void add_explain(CLI::App& program, CommonOptions& common, std::vector<std::string>& words, Run& run) {
  auto* explain = program.add_subcommand(
      "explain", "What an error box, a bounce, a line of a log or a server's reply means, and what to do");
  explain->add_option("TEXT", words, "The text, in quotes; without it, or with -, standard input is read")
      ->type_name(" ");
  add_json(*explain, common);
  explain->footer(
      "Nothing is asked of any network. The first 64 KiB are looked at.\n"
      "Exit status: 0 explained, 1 unknown, 64 no text.\n"
      "Examples:\n  homeward explain '550 5.7.1 <bob@example.org>: Relay access denied'\n"
      "  homeward explain 0x800CCC79\n"
      "  xclip -o | homeward explain          a box or a bounce that was copied\n"
      "  grep status=bounced /var/log/mail.log | tail -1 | homeward explain --json");
  explain->callback([&] { run = [&] { return run_explain(words, common.json); }; });
}

void add_sandbox(CLI::App& program, CommonOptions& common, SandboxOptions& options, Run& run) {
  auto* sandbox =
      program.add_subcommand("sandbox", "A home provider in a box, on loopback, to try things with");
  sandbox->add_option("--dir", options.directory, "Where it keeps its files (default: a temporary folder)")
      ->type_name("DIR");
  sandbox->add_option("--relay-port", options.relay_port, "Port of its plain SMTP server (default: any)");
  sandbox->add_option("--submission-port", options.submission_port, "Port with STARTTLS (default: any)");
  sandbox->add_option("--submissions-port", options.submissions_port,
                      "Port with implicit TLS (default: any)");
  sandbox->add_flag("--story", options.story, "Show the problem and its cure, then end");
  add_json(*sandbox, common);
  sandbox->footer(
      "Examples:\n  homeward sandbox --story\n  homeward sandbox --dir /tmp/box --submissions-port 4650");
  sandbox->callback([&] {
    run = [&] {
      options.json = common.json;
      return run_sandbox(options);
    };
  });
}

/// For the list of commands alone: its options are those of a classic, which dispatch() hands to it unread.
void add_sendmail(CLI::App& program) {
  program.add_subcommand("sendmail", "Hand a message over, as programs that know sendmail do")
      ->prefix_command();
}

/// What sendmail is given, where it is what was asked for: by a first word, or by the program's own name.
std::optional<int> run_as_sendmail(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const auto name = words.empty() ? std::string{} : std::filesystem::path(words.front()).filename().string();
  if (is_sendmail_name(name)) return run_sendmail(name, {words.begin() + 1, words.end()});
  if (words.size() < 2 || words[1] != "sendmail") return std::nullopt;
  return run_sendmail("sendmail", {words.begin() + 2, words.end()});
}

/// A word in the place of a command that is none: says so, with the nearest one. Nothing where all is well.
std::optional<std::string> unknown_command(const CLI::App& program, int argc, char** argv) {
  if (argc < 2) return "which command? See homeward --help";
  const std::string_view word = argv[1];
  std::vector<std::string_view> names;
  std::string known;
  for (const auto* command : program.get_subcommands({})) {
    names.push_back(command->get_name());
    if (command->get_group().empty()) continue;  // hidden
    known += (known.empty() ? "" : ", ") + command->get_name();
  }
  if (word.starts_with('-') || std::ranges::find(names, word) != names.end()) return std::nullopt;
  const auto near = text::nearest(word, names);
  return fmt::format("there is no command {}{} (commands: {}; more: homeward --help)",
                     text::printable(word, 40), near.empty() ? "" : fmt::format("; did you mean {}?", near),
                     known);
}

int dispatch(int argc, char** argv) {
  if (const auto code = run_as_sendmail(argc, argv)) return *code;
  CLI::App program("An authenticated submission proxy: plain SMTP in, verified TLS with login out.",
                   "homeward");
  program.footer(kExamples);
  program.set_version_flag("--version", std::string("homeward ") + HOMEWARD_VERSION);
  program.require_subcommand(1);
  CommonOptions common;
  std::optional<std::string> user;
  ProvidersOptions providers;
  SandboxOptions sandbox;
  std::vector<std::string> pasted;
  Run run;
  add_serve(program, common, user, run);
  add_check(program, common, run);
  add_config_command(program, common, run);
  add_providers(program, common, providers, run);
  add_explain(program, common, pasted, run);
  add_control_commands(program, common, run);
  add_sendmail(program);
  add_sandbox(program, common, sandbox, run);
  if (const auto problem = unknown_command(program, argc, argv)) {
    fmt::print(stderr, "homeward: {}\n", *problem);
    return EX_USAGE;
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? EX_OK : EX_USAGE;
  }
  return run();
}

}  // namespace
}  // namespace homeward::app

int main(int argc, char** argv) {
  try {
    return homeward::app::dispatch(argc, argv);
  } catch (const std::exception& exception) {
    fmt::print(stderr, "homeward: {}\n", exception.what());
    return EX_SOFTWARE;
  }
}
