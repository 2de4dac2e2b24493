// One stored row over another: what a merge does with the columns that its rows have.
#pragma once

#include <string>
#include <string_view>

#include "ampload/status.h"
#include "encode/row_format_encoder.h"

namespace ampload::encode {

// `base` with each column that `change` has in place of its own, and the columns that only `change`
// has behind them, in its order. Both are rows of that format.
//
//   {"n": 7, "a": 1, "b": 2}  and  {"n": 7, "b": 5, "c": 6}  give  {"n": 7, "a": 1, "b": 5, "c": 6}
//
// In msgpack and JSON the values' bytes are copied as they are, never decoded; columns that no
// schema knows stay. In arrow_ipc each column keeps the type of the row that it comes from. Bytes
// that are no row, or that name a column twice, are a data error which says whether base or change
// is to blame. Pure; safe on hostile input.
Result<std::string> OverlayRow(ValueFormat format, std::string_view base, std::string_view change);

}  // namespace ampload::encode
