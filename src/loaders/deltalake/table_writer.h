// Rows of a table's columns into its data files, and written files as the log has them.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lake/data_file.h"
#include "lake/rolling_writer.h"
#include "loaders/deltalake/actions.h"
#include "loaders/deltalake/deltalake_config.h"
#include "loaders/deltalake/staged_files.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {

// How rows of these columns are written. A value; pure but for WriterSettings' callbacks.
class TableWriter {
 public:
  // `rows`: logical columns, partition columns among them, all of them in the table. `metadata` is
  // the table's, as the commit leaves it. Columns and fields of the type void are left out of files
  // ("Void Type"). A configuration error for a codec that we do not write, and for a void where no
  // file can be written.
  static Result<TableWriter> Make(const DeltaLakeStorageConfig& config, const Protocol& protocol,
                                  const Metadata& metadata, std::shared_ptr<arrow::Schema> rows);

  // `memory_bytes`: what the writer may hold in its buffers.
  lake::WriterSettings Settings(int64_t memory_bytes) const;

  // The rows under the names that data files have. No copy of values.
  Result<std::shared_ptr<arrow::RecordBatch>> Rows(const arrow::RecordBatch& rows) const;

  // The files of a group.
  std::vector<AddFile> Adds(const FileGroup& group) const;

 private:
  std::vector<int> kept_;                    // of the rows' columns those that are no void
  std::shared_ptr<arrow::Schema> rows_;      // those, logical
  std::shared_ptr<arrow::Schema> physical_;  // the same columns
  std::shared_ptr<arrow::Schema> in_files_;  // without the partition columns
  std::vector<int> partition_columns_;       // by index in rows_, in the table's order
  std::vector<std::vector<std::string>> indexed_;
  ColumnMapping mapping_ = ColumnMapping::kNone;
  parquet::Compression::type codec_ = parquet::Compression::ZSTD;
  std::optional<int> level_;
  int64_t target_file_bytes_ = 0;
  int64_t row_group_rows_ = 0;
  bool dictionary_ = true;
};

// The tag of an AddFile that tells its batches: "123,456". Every row of the file is of one of them.
inline constexpr char kBatchesTag[] = "ampload.batches";

// A file that leaves the table.
RemoveFile RemoveOf(const AddFile& file, int64_t now_ms);

}  // namespace ampload::deltalake
