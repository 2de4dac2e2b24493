// The commands of ampload-testserver, one file each.
#pragma once

#include <CLI/CLI.hpp>

#include "ampload/status.h"

namespace ampload::conformance {

// Each adds its subcommand to `app`. When it was given, its work runs while `app` parses, and what
// came of it is left in `status`, which must outlive `app`.
void AddChainCommand(CLI::App& app, Status& status);
void AddScaleCommand(CLI::App& app, Status& status);
void AddServeCommand(CLI::App& app, Status& status);

}  // namespace ampload::conformance
