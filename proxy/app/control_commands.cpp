// The command lines of what asks the running daemon; what they do stands in a file each.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "proxy/app/accounts_command.hpp"
#include "proxy/app/command_line.hpp"
#include "proxy/app/completion_command.hpp"
#include "proxy/app/queue_command.hpp"
#include "proxy/app/status_command.hpp"

namespace homeward::app {
namespace {

constexpr const char* kExitCodes =
    "Exit status: 0 done, 64 usage, 65 no such message or account, 69 homeward is not running,\n"
    "75 not now (its state does not allow it), 77 this user may not ask, 78 the configuration is broken.";

std::string footer(std::string_view examples) {
  return fmt::format("{}\nExamples:\n{}", kExitCodes, examples);
}

void add_status(CLI::App& program, CommonOptions& common, Run& run) {
  auto* status = program.add_subcommand("status", "What runs, what waits, how the accounts are");
  const auto watch = std::make_shared<bool>(false);  // shared with the callback
  add_config(*status, common);
  add_json(*status, common);
  status->add_flag("-w,--watch", *watch, "Go on and show each change (a line each, where it is no terminal)");
  status->footer(
      footer("  homeward status\n  homeward status --watch\n  homeward status --json | jq .spool"));
  status->callback([&common, &run, watch] {
    run = [&common, watch] { return run_status({common.choice(), *watch, common.json}); };
  });
}

void add_queue_list(CLI::App& queue, CommonOptions& common, Run& run) {
  auto* list = queue.add_subcommand("list", "All messages that wait, are held or failed");
  const auto options = std::make_shared<QueueListOptions>();
  add_config(*list, common);
  add_json(*list, common);
  list->add_option("--state", options->state, "Only those in this state")
      ->check(CLI::IsMember({"queued", "sending", "reply-unknown", "deferred", "held", "failed", "done"}));
  list->add_option("--account", options->account, "Only those of this account")->type_name("NAME");
  list->footer(footer("  homeward queue list\n  homeward queue list --state failed --json"));
  list->callback([&common, &run, options] {
    run = [&common, options] {
      options->config = common.choice();
      options->json = common.json;
      return run_queue_list(*options);
    };
  });
}

/// A command on one message by its id.
void add_one(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example,
             CommonOptions& common, Run& run, int (*act)(const ConfigChoice&, const std::string&, bool)) {
  auto* command = parent.add_subcommand(name, what);
  const auto id = std::make_shared<std::string>();
  add_config(*command, common);
  add_json(*command, common);
  command->add_option("ID", *id, "The message's id, or its beginning")->required();
  command->footer(footer(example));
  command->callback([&common, &run, id, act] {
    run = [&common, id, act] { return act(common.choice(), *id, common.json); };
  });
}

CLI::App* add_change(CLI::App& queue, const std::string& change, const std::string& what,
                     CommonOptions& common, Run& run, const std::shared_ptr<QueueChangeOptions>& options) {
  auto* command = queue.add_subcommand(change, what);
  options->change = change;
  add_config(*command, common);
  add_json(*command, common);
  command->add_option("ID", options->ids, "The messages' ids, or their beginnings; all are tried");
  command->footer(
      footer(fmt::format("  homeward queue {} abcd\n  homeward queue {} abcd efgh", change, change)));
  command->callback([&common, &run, options] {
    if (options->ids.empty() == !options->all)
      throw CLI::RequiredError(options->change == "retry" ? "either ids or --all" : "at least one id");
    run = [&common, options] {
      options->config = common.choice();
      options->json = common.json;
      return run_queue_change(*options);
    };
  });
  return command;
}

void add_export(CLI::App& queue, CommonOptions& common, Run& run) {
  auto* command = queue.add_subcommand("export", "The text of a message, as it came (RFC 5322)");
  const auto options = std::make_shared<QueueExportOptions>();
  add_config(*command, common);
  command->add_option("ID", options->id, "The message's id, or its beginning")->required();
  command->add_option("-o,--output", options->file, "A file to make (0600); never overwritten")
      ->type_name("FILE");
  command->footer(std::string(kExitCodes) +
                  "\n73 the file can't be written.\nExample:\n  homeward queue export abcd -o saved.eml");
  command->callback([&common, &run, options] {
    run = [&common, options] {
      options->config = common.choice();
      return run_queue_export(*options);
    };
  });
}

void add_queue(CLI::App& program, CommonOptions& common, Run& run) {
  auto* queue =
      program.add_subcommand("queue", "What waits here: list, show, retry, hold, release, drop, export");
  queue->require_subcommand(1);
  queue->footer("More: homeward queue list --help\nExample: homeward queue list");
  add_queue_list(*queue, common, run);
  add_one(*queue, "show", "All about one message", "  homeward queue show abcd", common, run, run_queue_show);
  const auto retry = std::make_shared<QueueChangeOptions>();
  add_change(*queue, "retry", "Try now", common, run, retry)
      ->add_flag("--all", retry->all, "Everything that waits, but for the mail of paused accounts");
  add_change(*queue, "hold", "Keep, and don't try until released", common, run,
             std::make_shared<QueueChangeOptions>());
  add_change(*queue, "release", "Give up holding, and try now", common, run,
             std::make_shared<QueueChangeOptions>());
  const auto drop = std::make_shared<QueueChangeOptions>();
  add_change(*queue, "drop", "Throw away: not delivered, nobody is told (asks first)", common, run, drop)
      ->add_flag("-y,--yes", drop->yes, "Don't ask");
  add_export(*queue, common, run);
}

void add_accounts(CLI::App& program, CommonOptions& common, Run& run) {
  auto* accounts =
      program.add_subcommand("accounts", "The accounts and their state; pause, resume or retry one");
  add_config(*accounts, common);
  add_json(*accounts, common);
  accounts->require_subcommand(0, 1);
  accounts->footer(footer("  homeward accounts\n  homeward accounts pause home"));
  // Runs behind a subcommand's own, which then stands.
  accounts->callback([&common, &run] {
    if (!run) run = [&common] { return run_accounts(common.choice(), common.json); };
  });
  const auto add = [&](const std::string& change, const std::string& what) {
    auto* command = accounts->add_subcommand(change, what);
    const auto name = std::make_shared<std::string>();
    add_config(*command, common);
    add_json(*command, common);
    command->add_option("NAME", *name, "The account's name")->required();
    command->footer(footer(fmt::format("  homeward accounts {} home", change)));
    command->callback([&common, &run, name, change] {
      run = [&common, name, change] {
        return run_account_change(common.choice(), change, *name, common.json);
      };
    });
  };
  add("pause", "Send nothing of it until resumed; its mail waits");
  add("resume", "Send again");
  add("retry", "Try its mail now, a refused login too");
}

void add_completion(CLI::App& program, CommonOptions& common, Run& run) {
  auto* completion = program.add_subcommand("completion", "Print a script for the shell's completion");
  const auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer("Example: homeward completion bash > /etc/bash_completion.d/homeward");
  completion->callback([&program, &run, shell] {
    run = [&program, shell] {
      std::vector<std::string> names;
      for (const auto* command : program.get_subcommands({}))
        if (!command->get_group().empty()) names.push_back(command->get_name());
      return run_completion(*shell, names);
    };
  });
  auto* complete = program.add_subcommand("complete", "What the completion asks");
  complete->group("");  // hidden
  const auto what = std::make_shared<std::string>();
  const auto prefix = std::make_shared<std::string>();
  add_config(*complete, common);
  complete->add_option("WHAT", *what)->required()->check(CLI::IsMember({"ids", "accounts", "providers"}));
  complete->add_option("PREFIX", *prefix);
  complete->callback([&common, &run, what, prefix] {
    run = [&common, what, prefix] { return run_complete(common.choice(), *what, *prefix); };
  });
}

}  // namespace

void add_control_commands(CLI::App& program, CommonOptions& common, Run& run) {
  add_status(program, common, run);
  add_queue(program, common, run);
  add_one(program, "trace", "What happened to a message, also after it was delivered",
          "  homeward trace abcd", common, run, run_trace);
  add_accounts(program, common, run);
  add_completion(program, common, run);
}

}  // namespace homeward::app
