// The `_op` column of a merge: which one it is, what is stored without it, what it says.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ampload/status.h"
#include "ampload/table.h"
#include "ampload/write_session.h"

namespace ampload {

// The place of `_op` in the rows of a merge; nullopt where they have none. In the other modes `_op`
// is a column like any other, so nullopt too.
std::optional<int> OpColumnOf(LoadMode mode, const arrow::Schema& rows);
std::optional<int> OpColumnOf(const TableSpec& spec);

// The columns of the spec's rows as the table gets them: without a merge's `_op`. A configuration
// error where that column is no text, a key or the order.
Result<std::shared_ptr<arrow::Schema>> StoredSchema(const TableSpec& spec);

// What each row asks for. `column` holds text, as it is or in a dictionary. A null or any other
// word is a BadRowError that names the row (`first_row` is row 0's ordinal in the load) and the
// four words. Pure; safe from any thread.
Result<std::vector<RowOp>> ReadOps(const arrow::RecordBatch& batch, int column, int64_t first_row);

}  // namespace ampload
