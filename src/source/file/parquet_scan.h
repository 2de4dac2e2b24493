// The rows of one Parquet file.
#pragma once

#include <memory>

#include "ampload/status.h"
#include "source/file/file_scan.h"

namespace ampload::source {

// Looks at the footer: fills rows and schema (the stored Arrow schema where there is one).
Status InspectParquet(FileInfo* info, const ReadOptions& options);

// Reads in the file's order, columns that are not asked for and row groups that the filter rules
// out not at all. Holds a buffer and a page a column beside the rows of one read; nothing is read
// ahead.
Result<std::unique_ptr<FileScan>> OpenParquetScan(const FileInfo& file, const ScanPlan& plan,
                                                  const ReadOptions& options);

}  // namespace ampload::source
