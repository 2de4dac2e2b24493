// Small files that belong to the configuration.
#pragma once

#include <cstddef>
#include <string>

#include "ampload/status.h"

namespace ampload {

// The whole file. One that cannot be read, is a folder, or has more than `max_bytes` is a
// configuration error that names it.
Result<std::string> ReadTextFile(const std::string& path, size_t max_bytes);

}  // namespace ampload
