// What the user wrote (files, globs, folders) as a list of files.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "source/file/file_format.h"

namespace ampload::source {

// The files in the order of the paths as given; below a glob or a folder in name order. A path that
// exists is taken as it is, even with a * in its name. A folder stands for every file below it
// whose suffix is known (FormatOfName; where `format` is given, one of that format's), a trailing
// ** too; names that start with _ or . are left out there and ** does not enter such folders. Links
// are followed, a loop of links once. "-" is standard input.
//
// Configuration errors: no path, a path that does not exist (with the nearest name beside it), a
// pattern or a folder without a match, the same file twice, a URI. Permanent: a folder that cannot
// be listed.
Result<std::vector<std::string>> ExpandPaths(std::span<const std::string> paths,
                                             std::optional<Format> format = std::nullopt);

}  // namespace ampload::source
