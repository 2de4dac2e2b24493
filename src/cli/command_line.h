// The command line as a whole: from argv to the exit status.
#pragma once

#include "ampload/registry.h"
#include "cli/console.h"

namespace ampload::cli {

// Runs one command and returns its exit status. Nothing is thrown. Secrets in `argv` are
// overwritten before anything is connected.
int RunCommandLine(int argc, char** argv, const LoaderRegistry& registry, Console& console);

}  // namespace ampload::cli
