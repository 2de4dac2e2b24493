// From what the user asked for to files that are looked at, and the plan to read them by.
#pragma once

#include <arrow/scalar.h>

#include <memory>
#include <vector>

#include "ampload/status.h"
#include "source/file/file_scan.h"
#include "source/file/file_source.h"
#include "source/input/read_context.h"

namespace ampload::source {

struct PlannedFile {
  FileInfo info;
  std::vector<std::shared_ptr<arrow::Scalar>> folder_values;  // of the plan's folder columns
};

struct FileLoad {
  std::vector<PlannedFile> files;  // without those that the filter rules out by their folders
  ScanPlan plan;
  ReadOptions read;
};

// Errors as OpenFileSource's. `context` is waited under, now and by the inputs later.
Result<FileLoad> OpenFiles(const FileSourceOptions& options,
                           const std::shared_ptr<ReadContext>& context);

}  // namespace ampload::source
