#include "conformance/scenario/stored_rows.h"

#include <arrow/scalar.h>

#include <map>
#include <utility>

namespace ampload::conformance {
namespace {

// A row as text, by a text of its key.
using Rows = std::map<std::string, std::string>;

Result<std::string> ValuesOf(const arrow::Table& table, const std::vector<std::string>& columns,
                             int64_t row) {
  std::string text;
  for (const auto& name : columns) {
    const auto column = table.GetColumnByName(name);
    if (column == nullptr) return DataError("the table has no column " + name);
    ARROW_ASSIGN_OR_RAISE(const auto value, column->GetScalar(row));
    text += (text.empty() ? "" : ",") + value->ToString();
  }
  return text;
}

// `replaces`: a later row of a key takes the place of an earlier one; else two are an error.
Result<Rows> RowsOf(const arrow::Table& table, const std::vector<std::string>& keys,
                    const std::vector<std::string>& columns, bool replaces) {
  Rows rows;
  for (int64_t i = 0; i < table.num_rows(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto key, ValuesOf(table, keys, i));
    ARROW_ASSIGN_OR_RAISE(auto values, ValuesOf(table, columns, i));
    if (!replaces && rows.contains(key)) return DataError("a row is there twice: " + key);
    rows[key] = std::move(values);
  }
  return rows;
}

}  // namespace

std::vector<std::string> KeysOf(const Scenario& scenario) {
  if (scenario.mode != LoadMode::kAppend) return {"log_index"};
  return {"network", "block_num", "log_index"};
}

Status ExpectRowsTo(const StreamCursor& cursor, const World& world, const Scenario& scenario,
                    const arrow::Table* stored) {
  const auto keys = KeysOf(scenario);
  const auto columns = world.rows()->schema()->field_names();
  Rows expected;
  ARROW_ASSIGN_OR_RAISE(const auto blocks, world.BlocksTo(cursor));
  if (!blocks.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto rows, world.rows()->RowsOf(blocks, 0));
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches({rows}));
    ARROW_ASSIGN_OR_RAISE(expected,
                          RowsOf(*table, keys, columns, scenario.mode != LoadMode::kAppend));
  }
  Rows found;
  if (stored != nullptr) {
    ARROW_ASSIGN_OR_RAISE(found, RowsOf(*stored, keys, columns, /*replaces=*/false));
  }
  for (const auto& [key, values] : expected) {
    const auto row = found.find(key);
    if (row == found.end()) {
      return DataError("a row is missing: key=" + key + " expected=" +
                       std::to_string(expected.size()) + " found=" + std::to_string(found.size()));
    }
    if (row->second != values) {
      return DataError("a row is another: key=" + key + " expected=" + values +
                       " found=" + row->second);
    }
  }
  for (const auto& [key, values] : found) {
    if (!expected.contains(key)) {
      return DataError("a row should not be there: " + values + " expected=" +
                       std::to_string(expected.size()) + " found=" + std::to_string(found.size()));
    }
  }
  return Status::OK();
}

}  // namespace ampload::conformance
