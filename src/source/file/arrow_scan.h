// The rows of one Arrow IPC file or stream.
#pragma once

#include <memory>

#include "ampload/status.h"
#include "source/file/file_scan.h"

namespace ampload::source {

// Fills the schema.
Status InspectArrow(FileInfo* info, const ReadOptions& options);

// Reads one record batch as it was written at a time, whatever its size; columns that are not asked
// for are skipped. Nothing in the file is trusted: lengths are checked against what is there, and
// each batch is validated before it is given.
//
// A stream may end without its end mark, as the format allows, behind a whole message: that is
// logged as a warning. Cut inside of a message it is a permanent error, and so is anything behind
// the end mark.
Result<std::unique_ptr<FileScan>> OpenArrowScan(const FileInfo& file, const ScanPlan& plan,
                                                const ReadOptions& options);

}  // namespace ampload::source
