// Are these the rows that were expected? The first difference in words.
#pragma once

#include <arrow/table.h>

#include <memory>
#include <string>

#include "ampload/status.h"

namespace ampload::conformance {

// OK where `condition` holds; else a data error with that text. What a case says when it fails.
Status Expect(bool condition, const std::string& what);

// OK where both have the same columns in the same order and the same values in the same rows.
// Dictionary and run-end-encoded columns are compared by their values; a column of another type
// than expected is cast to it first, and must be exact in it. NaNs are equal.
Status ExpectSameRows(const arrow::Table& expected, const arrow::Table& actual);

}  // namespace ampload::conformance
