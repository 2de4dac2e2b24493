// A filter over one batch.
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <memory>
#include <span>

#include "ampload/status.h"

namespace ampload::source {

// The rows for which `filter` (bound to the batch's schema) is true: neither false nor null. Gives
// the columns at `output`, in that order, under `output_schema`. Where every row passes, shares the
// batch's memory.
Result<std::shared_ptr<arrow::RecordBatch>> FilterRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, const arrow::compute::Expression& filter,
    std::span<const int> output, const std::shared_ptr<arrow::Schema>& output_schema,
    arrow::MemoryPool* pool);

}  // namespace ampload::source
