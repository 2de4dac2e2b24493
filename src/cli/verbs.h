// Every verb of the command line, declared.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "cli/command.h"

namespace ampload::cli {

// Parsing `app` fills the commands. Help, completion and usage errors read `app`.
struct CommandLine {
  std::unique_ptr<CLI::App> app;
  std::vector<std::pair<CLI::App*, std::unique_ptr<Command>>> commands;
};
CommandLine MakeCommandLine();

}  // namespace ampload::cli
