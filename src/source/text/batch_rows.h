// The rows of one batch while it is built, and those of them that have to go again.
#pragma once

#include <arrow/array/builder_base.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ampload/status.h"

namespace ampload::source {

// A bad row stands in the builders with any values, so that all columns stay of one length, until
// the batch is finished.
class BatchRows {
 public:
  int64_t count() const { return count_; }
  void Add(int64_t rows) { count_ += rows; }
  void Drop(int64_t row) { dropped_.push_back(row); }

  // The rows that were not dropped, in order; then begins a new batch.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish(
      const std::shared_ptr<arrow::Schema>& schema,
      const std::vector<std::shared_ptr<arrow::ArrayBuilder>>& builders, arrow::MemoryPool* pool);

 private:
  int64_t count_ = 0;
  std::vector<int64_t> dropped_;
};

}  // namespace ampload::source
