// From what a file gives to what the load gives on.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include <memory>
#include <vector>

#include "ampload/status.h"
#include "source/file/scan_plan.h"

namespace ampload::source {

// A batch of the plan's file_read() columns under the load's types, with the columns of the file's
// folders behind them (`folder_values`: one each of the plan's columns after file_columns), then
// filtered, then cut down to the columns asked for. Shares the batch's memory where it can.
Result<std::shared_ptr<arrow::RecordBatch>> MakeOutput(
    const std::shared_ptr<arrow::RecordBatch>& batch, const ScanPlan& plan,
    const std::vector<std::shared_ptr<arrow::Scalar>>& folder_values, arrow::MemoryPool* pool);

}  // namespace ampload::source
