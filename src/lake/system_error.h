// A failed system call on a file or folder.
#pragma once

#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::lake {

// From an errno: "lake: WHAT: No space left on device; free some: path=PATH". The store's code is
// errno's name ("ENOSPC"). Transient where the file system may come back (a server of NFS that
// does not answer), else permanent.
Status SystemError(int code, std::string_view what, const std::string& path);

}  // namespace ampload::lake
