// What is wrong with a command line, said to a person.
#pragma once

#include <CLI/CLI.hpp>

#include "ampload/status.h"

namespace ampload::cli {

// The verb that was named, or null.
const CLI::App* ChosenVerb(const CLI::App& app);

// A configuration error that names the wrong word, the nearest right one, and the help to read.
Status UsageError(const CLI::App& app, const CLI::ParseError& error);

}  // namespace ampload::cli
