// Columns as what they stand for.
#pragma once

#include <arrow/array.h>

#include <memory>

#include "ampload/status.h"

namespace ampload::conformance {

// Without dictionaries, runs and views, in which Arrow's kernels do not select, sort or compare:
// the same values in the type that they have in any other layout.
Result<std::shared_ptr<arrow::Array>> PlainColumn(const std::shared_ptr<arrow::Array>& column);

}  // namespace ampload::conformance
