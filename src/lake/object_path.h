// Paths within an object store.
#pragma once

#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::lake {

// OK for what object_store.h allows: relative, '/' between parts, none of them empty, "." or "..",
// no NUL. Permanent otherwise (a log that someone else wrote may name anything).
Status CheckPath(const std::string& path);
Status CheckFolder(const std::string& folder);  // "" as well

// "a" + "b" is "a/b"; either may be empty.
std::string JoinPath(std::string_view folder, std::string_view name);
// "a/b" of "a/b/c"; "" of "c".
std::string_view FolderOf(std::string_view path);

}  // namespace ampload::lake
