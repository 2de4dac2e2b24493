// ampload completion bash|zsh|fish
#include <map>

#include "cli/command.h"

namespace ampload::cli {
namespace {

constexpr char kExamples[] = R"(Examples:
  source <(ampload completion bash)                      in ~/.bashrc
  source <(ampload completion zsh)                       in ~/.zshrc
  ampload completion fish > ~/.config/fish/completions/ampload.fish
)";

// Readline splits words at : and =, which targets and options have: the words are taken from the
// line itself, and what stands before the last : or = of the word is cut off from each answer.
constexpr char kBash[] = R"(# bash completion for ampload
_ampload() {
  local line=${COMP_LINE:0:COMP_POINT} words word candidate cut files=
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=${words[${#words[@]}-1]}
  cut=${word%"${word##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    if [[ $candidate == :files ]]; then
      files=1
    else
      candidate=${candidate%%$'\t'*}
      COMPREPLY+=("${candidate#"$cut"}")
    fi
  done < <("${words[0]/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r candidate; do
      COMPREPLY+=("$candidate")
    done < <(compgen -f -- "${word#"$cut"}")
  elif [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _ampload ampload
)";

constexpr char kZsh[] = R"(#compdef ampload
# zsh completion for ampload
_ampload() {
  local line files= nospace=
  local -a described
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      files=1
    else
      local word=${line%%$'\t'*} meaning=
      [[ $line == *$'\t'* ]] && meaning=${line#*$'\t'}
      [[ $word == *: ]] && nospace=1
      described+=("${word//:/\\:}${meaning:+:$meaning}")
    fi
  done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( ${#described} )); then
    if [[ -n $nospace ]]; then
      _describe -V ampload described -S ''
    else
      _describe -V ampload described
    fi
  fi
  if [[ -n $files ]]; then
    compset -P '*:'
    _files
  fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _ampload "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _ampload ampload
fi
)";

constexpr char kFish[] = R"(# fish completion for ampload
function __ampload_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l typed (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            set -l scheme (string match -r '^[a-z]+:' -- $typed)
            set -l path (string replace -r '^[a-z]+:' '' -- $typed)
            for found in (__fish_complete_path "$path")
                printf '%s%s\n' "$scheme" $found
            end
        else
            printf '%s\n' $line
        end
    end
end
complete -c ampload -f -a '(__ampload_complete)'
)";

class CompletionCommand : public Command {
 public:
  CLI::App* Declare(CLI::App& app) override {
    auto* verb = app.add_subcommand("completion", "Print a shell's completion script");
    AddChoice(*verb, "SHELL", shell_, {"bash", "zsh", "fish"}, "the shell: bash, zsh or fish")
        ->required();
    verb->footer(kExamples);
    return verb;
  }

  Result<ExitStatus> Run(const Setting& setting) override {
    static const std::map<std::string, const char*> kScripts = {
        {"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}};
    setting.console.out << kScripts.at(shell_);
    return ExitStatus::kDone;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> MakeCompletionCommand() { return std::make_unique<CompletionCommand>(); }

}  // namespace ampload::cli
