// One verb of the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "ampload/registry.h"
#include "cli/console.h"
#include "cli/exit_status.h"
#include "cli/shared_options.h"

namespace ampload::cli {

// What a command runs in. References outlive the run.
struct Setting {
  const LoaderRegistry& registry;
  Console& console;
  const Report& report;
};

// A command declares its options once, into itself; help, parsing and completion read that
// declaration. Declare and Run are called once each, in this order.
class Command {
 public:
  virtual ~Command() = default;

  // Adds the verb. Completion goes by an option's type name: FILE, TARGET, LOADER, or the words
  // themselves as a|b|c.
  virtual CLI::App* Declare(CLI::App& app) = 0;

  // A failed Status is reported by the caller, on stderr and, with --json, as FailureJson.
  virtual Result<ExitStatus> Run(const Setting& setting) = 0;

  // The one JSON object that --json prints where the command failed.
  virtual std::string FailureJson(const std::string& error) const;

  const SharedOptions& shared() const { return shared_; }

 protected:
  SharedOptions shared_;
};

std::unique_ptr<Command> MakeLoadCommand();
std::unique_ptr<Command> MakeStreamCommand();
std::unique_ptr<Command> MakePlanCommand();
std::unique_ptr<Command> MakeReplayCommand();
std::unique_ptr<Command> MakeCheckCommand();
std::unique_ptr<Command> MakeLoadersCommand();
std::unique_ptr<Command> MakeNewLoaderCommand();
std::unique_ptr<Command> MakeInspectCommand();
std::unique_ptr<Command> MakeHistoryCommand();
std::unique_ptr<Command> MakeUndoCommand();
std::unique_ptr<Command> MakeCompletionCommand();

}  // namespace ampload::cli
