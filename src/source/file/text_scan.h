// The rows of one CSV or NDJSON file.
#pragma once

#include <memory>
#include <span>

#include "ampload/status.h"
#include "source/file/file_scan.h"

namespace ampload::source {

// Fills the schema that the file's first MiB suggests.
Status InspectText(FileInfo* info, const ReadOptions& options);

// The one schema that all text files of a load, which are of one format, are read by.
Result<std::shared_ptr<arrow::Schema>> UniteTextFiles(std::span<const FileInfo> files,
                                                      const ReadOptions& options);

// All columns are read, whichever are asked for: a bad value is bad where nobody looks, too.
Result<std::unique_ptr<FileScan>> OpenTextScan(const FileInfo& file, const ScanPlan& plan,
                                               const ReadOptions& options);

}  // namespace ampload::source
