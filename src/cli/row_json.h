// One value of a table as JSON, in the form that a person reads: binary as 0x hex, timestamps and
// dates as RFC 3339, decimals as text with every digit, structs as objects.
#pragma once

#include <arrow/array.h>

#include <nlohmann/json.hpp>

#include "ampload/status.h"

namespace ampload::cli {

// Exact for every type: integers stay integers, floats are the shortest text that reads back the
// same (NaN and infinities as text), times keep their unit's digits. A timestamp with a time zone
// is shown in UTC with "Z", one without has no zone. Dictionary and run-end-encoded values are
// shown as what they stand for. Text that is not UTF-8 is shown with U+FFFD.
nlohmann::ordered_json ValueToJson(const arrow::Array& array, int64_t row);

// The same value as one cell: text as it is, null as NULL, lists as [a, b], structs as {a: 1}.
std::string CellText(const nlohmann::ordered_json& value);

}  // namespace ampload::cli
