// The rows of one Parquet file.
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "source/file/batch_size.h"
#include "source/file/column_selection.h"
#include "source/file/parquet_file.h"

namespace ampload::source {

// What all files of a load are read by.
struct ScanPlan {
  std::shared_ptr<arrow::Schema> file_schema;  // the union of the files' schemas
  ColumnSelection columns;
  std::optional<arrow::compute::Expression> filter;       // bound to file_schema
  std::optional<arrow::compute::Expression> read_filter;  // the same, bound to columns.read_schema
};

struct ScanStep {
  std::shared_ptr<arrow::RecordBatch> batch;  // what passed the filter; may have no rows
  int64_t rows_read = 0;                      // before the filter
  int64_t bytes_read = 0;
};

// Reads in the file's order, row groups that the filter rules out not at all. Used from one thread.
// Holds a buffer and a page a column beside the rows of one read; nothing is read ahead.
class ParquetScan {
 public:
  // Opens the file anew; permanent error where it is not the file that was inspected any more.
  // `plan` must outlive the scan.
  static Result<std::unique_ptr<ParquetScan>> Make(const ParquetFileInfo& file,
                                                   const ScanPlan& plan);

  // Reads at most `rows` rows (more than 0); nullopt at the end. A permanent error names the file.
  Result<std::optional<ScanStep>> Next(int64_t rows);

  // What the footer says that a row of the columns read takes; 0 where there are none.
  int64_t row_bytes() const { return row_bytes_; }

 private:
  ParquetScan(std::string path, const ScanPlan& plan,
              std::unique_ptr<parquet::arrow::FileReader> reader)
      : path_(std::move(path)), plan_(plan), reader_(std::move(reader)) {}
  Status Start();
  Result<std::shared_ptr<arrow::RecordBatch>> Output(
      const std::shared_ptr<arrow::RecordBatch>& batch) const;

  const std::string path_;
  const ScanPlan& plan_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;  // before reader_ in death
  int64_t rows_due_ = 0;                               // by the footer, in the row groups read
  int64_t row_bytes_ = 0;
};

}  // namespace ampload::source
