// Single fields, as TextEncoder writes them, back as Arrow columns.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "encode/text_encoder.h"

namespace ampload::encode {

// A row's fields in the order of the columns; one that is absent is null.
using TextRow = std::vector<std::optional<std::string_view>>;

// The same values, with types as DecodeRows gives them back. A text that its column's type cannot
// hold is a data error with column and row. `binaries` as they were encoded. Every row has one
// field a column. Safe on hostile input.
Result<std::shared_ptr<arrow::RecordBatch>> DecodeFields(
    const std::shared_ptr<arrow::Schema>& schema, std::span<const TextRow> rows,
    BinaryText binaries);

}  // namespace ampload::encode
