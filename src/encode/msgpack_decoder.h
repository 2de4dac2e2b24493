// msgpack rows, as MsgpackEncoder writes them, back as Arrow columns.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <span>
#include <string_view>

#include "ampload/status.h"

namespace ampload::encode {

// See DecodeRows. `format` opens the messages.
Result<std::shared_ptr<arrow::RecordBatch>> DecodeMsgpackRows(
    std::span<const std::string_view> rows, const std::shared_ptr<arrow::Schema>& schema,
    std::string_view format = "msgpack");

// "json: what: column=c row=7", where `status` is "what: column=c" or "what".
Status RowError(std::string_view format, size_t row, const Status& status);

}  // namespace ampload::encode
