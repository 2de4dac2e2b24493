// A stored column as the type that it was loaded with.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <memory>

#include "ampload/status.h"

namespace ampload::conformance {

// Exact, or an error. What Arrow casts is cast; a column that is null all through may be any type;
// an interval of months, days and nanoseconds may be any interval; text that is JSON in place of
// nested values, and lists of what Arrow does not cast, go by the product's JSON reading
// (encode::DecodeRows).
Result<std::shared_ptr<arrow::Array>> AsLoaded(const std::shared_ptr<arrow::Array>& stored,
                                               const std::shared_ptr<arrow::DataType>& loaded);

}  // namespace ampload::conformance
