// A Parquet file that is written batch by batch.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ampload/status.h"

namespace ampload::conformance {

// Zstd, row groups of at most kRowGroupRows, the Arrow schema kept. Holds one row group in memory.
class ParquetFile {
 public:
  static constexpr int64_t kRowGroupRows = 65'536;

  // Creates or replaces `path`; its folder must be there.
  static Result<std::unique_ptr<ParquetFile>> Create(const std::string& path,
                                                     const std::shared_ptr<arrow::Schema>& schema);
  ~ParquetFile();

  Status Write(const arrow::RecordBatch& batch);

  // Writes the footer. A file that is destroyed without Close is no Parquet file.
  Status Close();

  int64_t rows() const { return rows_; }

 private:
  struct Writer;
  explicit ParquetFile(std::unique_ptr<Writer> writer);
  std::unique_ptr<Writer> writer_;
  int64_t rows_ = 0;
};

}  // namespace ampload::conformance
