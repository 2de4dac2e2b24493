// The seam between the registry and the registration that CMake writes from the folders of
// src/loaders/.
#pragma once

#include <functional>

#include "ampload/registry.h"

namespace ampload {

// Calls `add` for each loader built in and `missing(name, reason)` for each left out at configure
// time.
void ForEachBuiltInLoader(const std::function<void(const LoaderDescriptor&)>& add,
                          const std::function<void(const char*, const char*)>& missing);

}  // namespace ampload
