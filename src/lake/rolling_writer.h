// Rows into Parquet files: a new file when the one at hand is large enough, one open file for each
// partition. Nothing is visible in any table: the caller commits the files, or discards them.
//
// One thread at a time. Memory: the encoded pages of the row groups at hand and what the store has
// not sent yet, of all open files together at most about `memory_bytes`, beside what the store
// keeps of one file (on S3 two parts of 8 MiB). When it would be more, the fullest row group is
// written out, or the fullest file closed; of more than `open_files` partitions the one longest
// unused is.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "lake/data_file.h"
#include "lake/object_store.h"

namespace ampload::lake {

struct WriterSettings {
  // Columns of the files, as Parquet gets them: names, types, nullability, and the metadata key
  // PARQUET:field_id where a field has an id. Partition columns are not among them.
  std::shared_ptr<arrow::Schema> schema;
  parquet::Compression::type compression = parquet::Compression::ZSTD;
  std::optional<int> compression_level;
  int64_t target_file_bytes = 256 << 20;
  int64_t row_group_rows = 1 << 20;
  int64_t row_group_bytes = 128 << 20;
  int64_t memory_bytes = 128 << 20;
  int open_files = 64;
  bool dictionary = true;
  std::string folder;  // of all files, "" or "data"; partition folders are made below it
  std::string created_by = "ampload";

  // Partition columns by index in the batches that Write gets (not in `schema`).
  std::vector<int> partition_columns;
  // The value as the table format keeps it; nullopt: null. A failure is a data error.
  std::function<Result<std::optional<std::string>>(const arrow::Scalar& value, int column)>
      partition_text;
  // "date=2024-01-01", one folder for each partition column.
  std::function<std::string(int column, const std::optional<std::string>& text)> partition_folder;
};

class RollingWriter {
 public:
  // `store` is shared with the caller. Creates no file before the first row.
  static Result<std::unique_ptr<RollingWriter>> Make(std::shared_ptr<ObjectStore> store,
                                                     WriterSettings settings);
  virtual ~RollingWriter() = default;  // discards what was not taken by Finish

  // The columns of `schema` and, at their indices, the partition columns. Rows keep their order
  // within a partition. A BadRowError names the row whose partition value cannot be kept.
  virtual Status Write(const arrow::RecordBatch& batch, const CallContext& context) = 0;

  // Ends the open files: rows that come from now on go into others.
  virtual Status Roll(const CallContext& context) = 0;

  // Ends the open files and hands out all that were written since the last Finish, in the order of
  // their first rows: durable, complete. After a failure call Discard.
  virtual Result<std::vector<DataFile>> Finish(const CallContext& context) = 0;

  // Deletes all files since the last Finish, as far as it can.
  virtual void Discard() = 0;

  virtual int64_t buffered_bytes() const = 0;  // held in memory now
  virtual int64_t buffered_rows() const = 0;   // not yet handed out by Finish
};

}  // namespace ampload::lake
