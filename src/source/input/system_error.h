// A failed system call on a file.
#pragma once

#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::source {

// Permanent error from errno as it stands: "source: WHAT: No such file or directory: path=PATH";
// the store code is EACCES or "errno N".
Status SystemError(std::string_view what, const std::string& path);

}  // namespace ampload::source
