// Decimals of one precision and scale as another, without the library's kernels: those rescale
// within the narrower width and let digits go.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "ampload/status.h"

namespace ampload::encode {

struct DecimalCast {
  std::shared_ptr<arrow::Array> values;  // null where a row is bad
  std::optional<int64_t> bad_row;        // the first whose value `to` cannot hold
};

// From any decimal type to any other.
Result<DecimalCast> CastDecimal(const arrow::Array& array,
                                const std::shared_ptr<arrow::DataType>& to);

}  // namespace ampload::encode
