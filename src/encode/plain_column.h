// A column as its plain value type: what keys and order values are made from.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>

#include "ampload/status.h"

namespace ampload::encode {

// `type` with dictionary, run-end-encoded and extension types looked through.
std::shared_ptr<arrow::DataType> PlainType(std::shared_ptr<arrow::DataType> type);

// The batch's column as `type`, which PlainType made of its type. base::InitializeArrowCompute
// first.
Result<std::shared_ptr<arrow::Array>> PlainColumn(const arrow::RecordBatch& batch, int column,
                                                  const std::shared_ptr<arrow::DataType>& type);

}  // namespace ampload::encode
