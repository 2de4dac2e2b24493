// Sample rows of a table, for people and for programs.
#pragma once

#include <arrow/table.h>

#include <nlohmann/json.hpp>
#include <string>

#include "ampload/status.h"

namespace ampload::cli {

// An aligned table: numbers on the right, NULL for nulls. `width` as in TextTable::Print.
std::string PrintRows(const arrow::Table& rows, int width);

// An array of objects, one a row, columns in their order.
nlohmann::ordered_json RowsToJson(const arrow::Table& rows);

}  // namespace ampload::cli
