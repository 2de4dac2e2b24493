// One Parquet file that is being written.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "lake/column_stats.h"
#include "lake/data_file.h"
#include "lake/object_store.h"
#include "lake/rolling_writer.h"

namespace ampload::lake {

// How the files of one writer are made.
struct ParquetForm {
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<parquet::WriterProperties> properties;
  std::shared_ptr<parquet::ArrowWriterProperties> arrow_properties;

  // A configuration error: Parquet, or this build of it, has no such compression.
  static Result<ParquetForm> Of(const WriterSettings& settings);
};

// One thread. Its columns are encoded in Arrow's CPU threads, so it must not be used from one of
// them. A failure leaves it fit only for Discard.
class ParquetFile {
 public:
  static Result<std::unique_ptr<ParquetFile>> Create(ObjectStore* store, const ParquetForm& form,
                                                     DataFile file, const CallContext& context);
  ~ParquetFile();  // Discard, unless it was closed

  // At least one row.
  Status Write(const arrow::RecordBatch& rows);
  // Writes the row group at hand out; the memory it took is free again.
  Status EndRowGroup();
  // What was written, with statistics. The file is durable.
  Result<DataFile> Close();
  void Discard();

  int64_t rows() const { return rows_; }
  int64_t group_rows() const { return group_rows_; }
  int64_t group_bytes() const;  // about what the row group at hand will take in the file
  int64_t bytes() const;        // about what the file would be if it were closed now
  int64_t page_bytes() const { return pool_->bytes_allocated(); }  // in memory, of the row group
  int64_t output_bytes() const { return output_->held_bytes(); }   // in memory, of those before it
  const std::vector<std::optional<std::string>>& partition() const { return file_.partition; }

 private:
  struct Sink;
  class Groups;
  ParquetFile(DataFile file, const arrow::Schema& schema);
  Status Open(const ParquetForm& form);

  const std::unique_ptr<arrow::ProxyMemoryPool> pool_;  // outlives the writer
  DataFile file_;
  std::shared_ptr<ObjectOutput> output_;
  parquet::RowGroupWriter* group_ = nullptr;  // of the writer; null: none at hand
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  ColumnStatsCollector stats_;
  int64_t rows_ = 0;
  int64_t group_rows_ = 0;
};

}  // namespace ampload::lake
