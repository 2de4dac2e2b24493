// Types as the user writes them: in --types and in --cast.
#pragma once

#include <arrow/type.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::source {

// Arrow's own spelling, as DataType::ToString prints it: int64, timestamp[us, tz=UTC],
// decimal128(38, 0), fixed_size_binary[32], list<item: int64>, struct<a: int64, b: string>,
// map<string, int64> ... and shorter ones of the same: spaces may be left out, also
// timestamp[us, UTC], date32, date64, float16, float32, float64, list<int64>, text, decimal(p, s).
// A configuration error says what is wrong and names the nearest type.
Result<std::shared_ptr<arrow::DataType>> ParseTypeName(std::string_view text);

// "amount:decimal128(38, 0),tags:list<string>": a column's name ends at the last colon outside of
// brackets. Empty text: no types. A configuration error names the entry; a column may come once.
Result<std::map<std::string, std::shared_ptr<arrow::DataType>>> ParseTypeList(
    std::string_view text);

}  // namespace ampload::source
