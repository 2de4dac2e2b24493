// A session's batches as its encoder wants them. Pure.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "ampload/write_session.h"

namespace ampload {

// The batch with its columns in the order of `session`. A data error, which begins with the
// loader's name, where they are not the same columns.
Result<std::shared_ptr<arrow::RecordBatch>> InOrder(
    std::string_view loader, const std::shared_ptr<arrow::RecordBatch>& batch,
    const arrow::Schema& session, const std::string& table);

// In a merge with `_op` a column that is never null in the table may be null in the rows that
// delete: a bad row for any other. `ops` has one a row.
Status CheckNeverNull(std::string_view loader, const arrow::RecordBatch& batch,
                      std::span<const RowOp> ops, const std::vector<std::string>& never_null,
                      const std::string& table, int64_t first_row);

// A failure with the batch's file at the end of its message, where it has one.
Status WithOrigin(const Status& status, const StagedBatch& batch);

}  // namespace ampload
