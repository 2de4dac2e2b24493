// Opens loaders that were built outside of this repository.
#pragma once

#include <string>

#include "ampload/registry.h"
#include "ampload/status.h"

namespace ampload {

// The descriptor of the plugin in that file. The file stays loaded for the life of the process, so
// the pointer stays good. Refuses what is no shared object, has no `ampload_plugin`, or was built
// for another ABI or another Arrow, before it calls anything else of it; a refused file is
// unloaded.
Result<const LoaderDescriptor*> OpenPlugin(const std::string& path);

}  // namespace ampload
