// One file of a load, whatever its format: looked at first, read later.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/source.h"
#include "ampload/status.h"
#include "source/file/file_format.h"
#include "source/file/scan_plan.h"
#include "source/input/input_file.h"
#include "source/text/record_reader.h"

namespace ampload::source {

// How files are read, the same for all of a load.
struct ReadOptions {
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  std::optional<Format> format;  // nullopt: by each file's bytes and name
  TextOptions text;
  bool delimiter_given = false;  // text.delimiter holds for *.tsv too
  bool keep_bad = false;
};

// What is kept of a file between the moment when all are looked at and compared and the moment when
// it is read.
struct FileInfo {
  std::shared_ptr<InputFile> input;
  FileFormat format = FileFormat::kParquet;
  std::optional<int64_t> rows;  // where that costs little to know
  std::shared_ptr<arrow::Schema>
      schema;  // as the file says, or for text as inferred from its start

  const std::string& path() const { return input->path(); }
};

// Errors as DetectFormat's, and a permanent error with the path for a damaged or truncated file.
Result<FileInfo> InspectFile(std::shared_ptr<InputFile> input, const ReadOptions& options);

struct ScanStep {
  // The plan's file_read() columns, with types that differ from the plan's in nullability alone;
  // may have no rows.
  std::shared_ptr<arrow::RecordBatch> batch;
  int64_t bytes = 0;           // what the batch takes in memory
  std::vector<BadRecord> bad;  // met on the way; only where they are kept
};

// The rows of one file in their order, those left out that the plan's filter is known to rule out.
// Used from one thread. Errors are permanent or data errors that name the file; Cancelled where a
// wait was interrupted. After one the scan is done.
class FileScan {
 public:
  virtual ~FileScan() = default;

  // About `rows` rows or `bytes` bytes, whichever the format can tell beforehand; nullopt at the
  // end.
  virtual Result<std::optional<ScanStep>> Next(int64_t rows, int64_t bytes) = 0;

  // What a row takes, where that is known before reading; else 0.
  virtual int64_t row_bytes() const { return 0; }
};

// Opens the file anew; permanent error where it is not the file that was inspected any more. `plan`
// must outlive the scan.
Result<std::unique_ptr<FileScan>> OpenScan(const FileInfo& file, const ScanPlan& plan,
                                           const ReadOptions& options);

}  // namespace ampload::source
