// msgpack rows, as MsgpackEncoder writes them, back as Arrow columns.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <span>
#include <string_view>

#include "ampload/status.h"

namespace ampload::encode {

// `rows` as columns of `schema`. A key that a row lacks is null; a key that the schema lacks is
// ignored. Damaged bytes, or a value that the column's type cannot hold, are a data error with
// column and row. Dictionary and run-end-encoded columns come back as their value type, so the
// result's schema may differ in that; extension types come back as they were. Safe on hostile
// input.
Result<std::shared_ptr<arrow::RecordBatch>> DecodeMsgpackRows(
    std::span<const std::string_view> rows, const std::shared_ptr<arrow::Schema>& schema);

}  // namespace ampload::encode
