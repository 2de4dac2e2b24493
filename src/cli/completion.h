// What Tab offers. The shells' scripts ask the command itself, which answers from its declared
// options: nothing can drift.
//
//   ampload __complete load x.parquet --mo      (the words so far; the last is the one at the
//   cursor)
//   --mode<TAB>add rows (default), ...          one candidate a line, with its meaning
//   :files                                      and file names, where they fit
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "ampload/registry.h"
#include "cli/console.h"
#include "cli/exit_status.h"

namespace ampload::cli {

inline constexpr char kCompleteWord[] = "__complete";

struct Candidate {
  std::string word;
  std::string meaning;
};

struct Completion {
  std::vector<Candidate> candidates;  // each begins with the word at the cursor
  bool files = false;                 // file names fit too
};

// `words`: after the command's name; the last one is being typed and may be empty. Connection names
// come from the config file (--config, or the usual places); one that cannot be read adds none.
Completion Complete(const CLI::App& app, const LoaderRegistry& registry,
                    const std::vector<std::string>& words);

// Prints the completion of words[1..] in the form above.
ExitStatus AnswerCompletion(const CLI::App& app, const LoaderRegistry& registry,
                            const std::vector<std::string>& words, Console& console);

}  // namespace ampload::cli
