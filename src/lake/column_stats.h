// Statistics of one file's columns: nulls and NaNs are counted as batches go by, the least and the
// greatest value are what Parquet's writer kept of each column chunk.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/metadata.h>

#include <vector>

#include "ampload/status.h"
#include "lake/data_file.h"

namespace ampload::lake {

class ColumnStatsCollector {
 public:
  explicit ColumnStatsCollector(const arrow::Schema& schema);

  // Batches of the schema, in any slices.
  Status Add(const arrow::RecordBatch& rows);

  // The file's metadata as its writer made it. May throw what Parquet throws.
  std::vector<ColumnStats> Finish(const parquet::FileMetaData& file) const;

 private:
  struct Entry {
    std::vector<std::string> path;
    std::shared_ptr<arrow::DataType> type;
    int leaf = -1;  // Parquet's column; -1: none that is this very field
    int64_t null_count = 0;
    bool has_nan = false;
    std::vector<int> children;  // entries of a struct's fields
  };

  int AddField(const arrow::Field& field, std::vector<std::string> path, int* leaf);
  Status AddArray(int entry, const arrow::Array& array);

  std::vector<Entry> entries_;
  std::vector<int> top_;  // the entries of the schema's columns
};

}  // namespace ampload::lake
