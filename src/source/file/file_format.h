// Which format a file is in, by its bytes and never by its name.
#pragma once

#include <cstdint>
#include <string>

#include "ampload/status.h"

namespace ampload::source {

enum class FileFormat { kParquet };

struct ProbedFile {
  FileFormat format = FileFormat::kParquet;
  int64_t bytes = 0;
};

// Reads the first and the last bytes. Configuration error: not a regular file, or a format that
// cannot be read (named where it is recognised). Permanent: unreadable, empty, truncated, damaged,
// an encrypted footer. Each names the path.
Result<ProbedFile> ProbeFile(const std::string& path);

}  // namespace ampload::source
