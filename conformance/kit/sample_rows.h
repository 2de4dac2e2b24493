// Rows whose every value follows from their number.
#pragma once

#include <arrow/table.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ampload/status.h"

namespace ampload::conformance {

// id (int64), name (string), amount (double), active (bool).
std::shared_ptr<arrow::Schema> SampleSchema();

// Rows first .. first + count - 1, in chunks of at most `chunk_rows`. Another `version` gives the
// same ids other values.
std::shared_ptr<arrow::Table> SampleRows(int64_t first, int64_t count, int64_t chunk_rows = 1 << 20,
                                         int64_t version = 0);

// One chunk from JSON, as arrow::json has it: {"[1, 2]", ...}, one text a column.
Result<std::shared_ptr<arrow::Table>> RowsFromJson(const std::shared_ptr<arrow::Schema>& schema,
                                                   const std::vector<std::string>& columns);

// Both, one after the other.
Result<std::shared_ptr<arrow::Table>> Joined(
    const std::vector<std::shared_ptr<arrow::Table>>& tables);

}  // namespace ampload::conformance
