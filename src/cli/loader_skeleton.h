// The files that a new loader begins with: those of examples/minimal_loader, under its own name.
#pragma once

#include <string>
#include <vector>

#include "ampload/status.h"

namespace ampload::cli {

struct SkeletonFile {
  std::string name;
  std::string text;
};

// The example's own; CMake writes this function from its files.
const std::vector<SkeletonFile>& ExampleFiles();

// A configuration error where `name` cannot name a loader, its files and its CMake target: it is
// lower_snake, at most 64 bytes, and no word of CMake's. Says a better one where there is one.
Status CheckLoaderName(const std::string& name);

// The example's files and a README, with `name` (which is a good one) in place of the example's.
std::vector<SkeletonFile> LoaderSkeleton(const std::string& name);

}  // namespace ampload::cli
