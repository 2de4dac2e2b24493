// JSON rows, as JsonEncoder writes them, back as Arrow columns.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <span>
#include <string_view>

#include "ampload/status.h"

namespace ampload::encode {

// See DecodeRows. Each value is first written as the msgpack value that its column's type has, so
// there is one set of rules for what a column takes.
Result<std::shared_ptr<arrow::RecordBatch>> DecodeJsonRows(
    std::span<const std::string_view> rows, const std::shared_ptr<arrow::Schema>& schema);

}  // namespace ampload::encode
