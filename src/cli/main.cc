// The command `ampload`.
#include "ampload/registry.h"
#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/plugin_folders.h"

int main(int argc, char** argv) {
  ampload::cli::Console console = ampload::cli::ProcessConsole();
  auto registry = ampload::LoaderRegistry::BuiltIn();
  registry.LoadPlugins(ampload::cli::PluginFolders(console, ampload::cli::ExecutablePath()));
  return ampload::cli::RunCommandLine(argc, argv, registry, console);
}
