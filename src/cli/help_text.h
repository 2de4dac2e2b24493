// The text of --help, written from the declared options.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

namespace ampload::cli {

// For CLI::App::formatter: usage, then positionals, options by group and verbs, wrapped at 80
// columns, then the footer as it is.
std::shared_ptr<CLI::FormatterBase> MakeHelpFormatter();

// "ampload load [OPTIONS] FILE..."
std::string UsageText(const CLI::App& app);

}  // namespace ampload::cli
