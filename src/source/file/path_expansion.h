// What the user wrote (files, globs, folders) as a list of files.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "source/file/file_format.h"
#include "source/input/found_input.h"
#include "source/input/read_context.h"

namespace ampload::source {

// The files in the order of the paths as given; below a glob or a folder in name order. A path that
// exists is taken as it is, even with a * in its name. A folder stands for every file below it
// whose suffix is known (FormatOfName; where `format` is given, one of that format's), a trailing
// ** too; names that start with _ or . are left out there and ** does not enter such folders. Links
// are followed, a loop of links once. "-" is standard input. s3:// paths: see s3_expansion.h.
//
// Configuration errors: no path, a path that does not exist (with the nearest name beside it), a
// pattern or a folder without a match, the same file twice, another URI. Permanent: a folder that
// cannot be listed. Waits for S3 under the context.
Result<std::vector<FoundInput>> ExpandPaths(
    std::span<const std::string> paths, std::optional<Format> format = std::nullopt,
    const std::shared_ptr<ReadContext>& context = std::make_shared<ReadContext>());

// The file is one that a folder stands for, as far as its own name goes.
bool IsWanted(const std::string& name, std::optional<Format> format);
bool IsLeftOut(const std::string& name);  // starts with _ or .

// Nothing below the folder is wanted.
Status FolderWithoutFiles(const std::string& path, std::optional<Format> format);

}  // namespace ampload::source
