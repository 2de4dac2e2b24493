// Arrow IPC streams of one row each, as IpcRowsEncoder writes them, back as Arrow columns.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <span>
#include <string_view>

#include "ampload/status.h"

namespace ampload::encode {

// The one row of a stream, checked through and through; else a data error. Keeps a copy of the
// bytes.
Result<std::shared_ptr<arrow::RecordBatch>> ReadIpcRow(std::string_view bytes);

// See DecodeRows. A value of another type than the column's is widened where that changes no value,
// else a data error.
Result<std::shared_ptr<arrow::RecordBatch>> DecodeIpcRows(
    std::span<const std::string_view> rows, const std::shared_ptr<arrow::Schema>& schema);

}  // namespace ampload::encode
