// Where loaders outside of the command are looked for.
#pragma once

#include <string>

#include "cli/console.h"

namespace ampload::cli {

// AMPLOAD_PLUGIN_PATH, then the install's own folder (../lib/ampload/loaders beside the folder of
// `executable`) where it exists; colon-separated, as LoaderRegistry::LoadPlugins takes it.
std::string PluginFolders(const Console& console, const std::string& executable);

// The running program's file, or empty.
std::string ExecutablePath();

}  // namespace ampload::cli
