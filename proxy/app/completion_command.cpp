#include "proxy/app/completion_command.hpp"

#include <fmt/format.h>
#include <sysexits.h>

#include "conf/loader.hpp"
#include "conf/provider_reader.hpp"
#include "proxy/app/json_view.hpp"
#include "proxy/base/text.hpp"
#include "proxy/control/target.hpp"

namespace homeward::app {
namespace {

// @COMMANDS@ stands for the commands.
constexpr std::string_view kBash =
    R"script(# homeward's completion for bash: homeward completion bash > /etc/bash_completion.d/homeward
_homeward() {
  local cur=${COMP_WORDS[COMP_CWORD]} words=
  local first=${COMP_WORDS[1]} second=${COMP_WORDS[2]}
  case ${COMP_WORDS[COMP_CWORD-1]} in
    -c | --config | -o | --output) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --state) COMPREPLY=($(compgen -W "queued sending reply-unknown deferred held failed done" -- "$cur")); return ;;
    --account) COMPREPLY=($(compgen -W "$(homeward complete accounts "$cur" 2>/dev/null)" -- "$cur")); return ;;
  esac
  if ((COMP_CWORD == 1)); then
    words="@COMMANDS@"
  elif ((COMP_CWORD == 2)); then
    case $first in
      queue) words="list show retry hold release drop export" ;;
      accounts) words="pause resume retry" ;;
      completion) words="bash zsh fish" ;;
      trace) words=$(homeward complete ids "$cur" 2>/dev/null) ;;
      providers) words=$(homeward complete providers "$cur" 2>/dev/null) ;;
    esac
  else
    case $first-$second in
      queue-list) ;;
      queue-*) words=$(homeward complete ids "$cur" 2>/dev/null) ;;
      accounts-*) words=$(homeward complete accounts "$cur" 2>/dev/null) ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _homeward homeward
)script";

constexpr std::string_view kZsh =
    R"script(#compdef homeward
# homeward's completion for zsh: homeward completion zsh > a folder of $fpath/_homeward
_homeward() {
  case $words[CURRENT-1] in
    -c | --config | -o | --output) _files; return ;;
    --state) compadd queued sending reply-unknown deferred held failed done; return ;;
    --account) compadd -- ${(f)"$(homeward complete accounts "$PREFIX" 2>/dev/null)"}; return ;;
  esac
  if ((CURRENT == 2)); then
    compadd @COMMANDS@
    return
  fi
  case $words[2] in
    queue)
      if ((CURRENT == 3)); then
        compadd list show retry hold release drop export
      elif [[ $words[3] != list ]]; then
        compadd -- ${(f)"$(homeward complete ids "$PREFIX" 2>/dev/null)"}
      fi ;;
    accounts)
      if ((CURRENT == 3)); then
        compadd pause resume retry
      else
        compadd -- ${(f)"$(homeward complete accounts "$PREFIX" 2>/dev/null)"}
      fi ;;
    trace) compadd -- ${(f)"$(homeward complete ids "$PREFIX" 2>/dev/null)"} ;;
    providers) compadd -- ${(f)"$(homeward complete providers "$PREFIX" 2>/dev/null)"} ;;
    completion) compadd bash zsh fish ;;
    *) _files ;;
  esac
}
if [[ $funcstack[1] == _homeward ]]; then _homeward "$@"; else compdef _homeward homeward; fi
)script";

constexpr std::string_view kFish =
    R"script(# homeward's completion for fish: homeward completion fish > ~/.config/fish/completions/homeward.fish
set -l queue list show retry hold release drop export
set -l accounts pause resume retry
set -l seen __fish_seen_subcommand_from
complete -c homeward -n __fish_use_subcommand -f -a '@COMMANDS@'
complete -c homeward -s c -l config -r -F
complete -c homeward -l json
complete -c homeward -n "$seen queue; and not $seen $queue" -f -a "$queue"
complete -c homeward -n "$seen queue; and not $seen list; and $seen $queue" -f -a '(homeward complete ids (commandline -ct) 2>/dev/null)'
complete -c homeward -n "$seen trace" -f -a '(homeward complete ids (commandline -ct) 2>/dev/null)'
complete -c homeward -n "$seen queue" -l state -x -a 'queued sending reply-unknown deferred held failed done'
complete -c homeward -n "$seen queue" -l account -x -a '(homeward complete accounts (commandline -ct) 2>/dev/null)'
complete -c homeward -n "$seen accounts; and not $seen $accounts" -f -a "$accounts"
complete -c homeward -n "$seen accounts; and $seen $accounts" -f -a '(homeward complete accounts (commandline -ct) 2>/dev/null)'
complete -c homeward -n "$seen providers" -f -a '(homeward complete providers (commandline -ct) 2>/dev/null)'
complete -c homeward -n "$seen completion" -f -a 'bash zsh fish'
)script";

// These need no daemon: the configuration's table, or the built-in one.
int complete_providers(const ConfigChoice& config, const std::string& prefix) {
  const auto loaded = conf::load(config.file);
  const auto table = loaded ? (*loaded)->providers : conf::built_in_providers();
  std::string lines;
  for (const auto& row : table->rows())
    if (row.name.starts_with(prefix)) lines += row.name + "\n";
  return print_out(lines);
}

}  // namespace

std::string completion_script(const std::string& shell, const std::vector<std::string>& commands) {
  constexpr std::string_view kPlace = "@COMMANDS@";
  std::string script(shell == "zsh" ? kZsh : shell == "fish" ? kFish : kBash);
  if (const auto at = script.find(kPlace); at != std::string::npos)
    script.replace(at, kPlace.size(), text::join(commands, " "));
  return script;
}

int run_completion(const std::string& shell, const std::vector<std::string>& commands) {
  return print_out(completion_script(shell, commands));
}

int run_complete(const ConfigChoice& config, const std::string& what, const std::string& prefix) {
  if (what == "providers") return complete_providers(config, prefix);
  auto client = reach_daemon({config.file, false});
  if (!client) return EX_OK;
  const bool is_ids = what == "ids";
  const auto answer = client->get(is_ids ? "/v1/ids?prefix=" + control::escape(prefix) : "/v1/accounts",
                                  std::chrono::seconds{3});
  if (!answer) return EX_OK;
  std::string lines;
  for (const auto& one : view::list(*answer, what)) {
    const auto name = is_ids ? view::text(one) : view::text(one, "name");
    if (name.starts_with(prefix)) lines += name + "\n";
  }
  return print_out(lines);
}

}  // namespace homeward::app
