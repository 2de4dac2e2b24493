#include <arrow/compute/api.h>

#include "ampload/conformance/loader_test_config.h"
#include "conformance/kit/plain_column.h"

namespace ampload::conformance {
namespace {

const char* FunctionOf(Comparison op) {
  switch (op) {
    case Comparison::kEqual:
      return "equal";
    case Comparison::kNotEqual:
      return "not_equal";
    case Comparison::kLess:
      return "less";
    case Comparison::kLessOrEqual:
      return "less_equal";
    case Comparison::kGreater:
      return "greater";
    case Comparison::kGreaterOrEqual:
      return "greater_equal";
    case Comparison::kIsNull:
      return "is_null";
    case Comparison::kIsNotNull:
      return "is_valid";
  }
  return "";
}

Result<std::shared_ptr<arrow::ChunkedArray>> ColumnOf(const arrow::Table& rows,
                                                      const std::string& name) {
  auto column = rows.GetColumnByName(name);
  if (column == nullptr) return DataError("the table has no such column: column=" + name);
  return column;
}

// No kernel takes rows out of every layout of a column.
Result<std::shared_ptr<arrow::Table>> PlainTable(const arrow::Table& rows) {
  arrow::FieldVector fields;
  arrow::ChunkedArrayVector columns;
  for (int i = 0; i < rows.num_columns(); ++i) {
    arrow::ArrayVector chunks;
    for (const auto& chunk : rows.column(i)->chunks()) {
      ARROW_ASSIGN_OR_RAISE(chunks.emplace_back(), PlainColumn(chunk));
    }
    if (chunks.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto none, arrow::MakeEmptyArray(rows.field(i)->type()));
      ARROW_ASSIGN_OR_RAISE(chunks.emplace_back(), PlainColumn(none));
    }
    fields.push_back(rows.field(i)->WithType(chunks.front()->type()));
    columns.push_back(std::make_shared<arrow::ChunkedArray>(std::move(chunks)));
  }
  return arrow::Table::Make(arrow::schema(fields), columns, rows.num_rows());
}

}  // namespace

Result<std::shared_ptr<arrow::Table>> SelectRows(const std::shared_ptr<arrow::Table>& rows,
                                                 std::span<const Predicate> where,
                                                 std::span<const std::string> order_by) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  ARROW_ASSIGN_OR_RAISE(arrow::Datum selected, PlainTable(*rows));
  for (const auto& predicate : where) {
    ARROW_ASSIGN_OR_RAISE(const auto column, ColumnOf(*selected.table(), predicate.column));
    std::vector<arrow::Datum> operands;
    operands.emplace_back(column);
    if (predicate.value != nullptr) operands.emplace_back(predicate.value);
    ARROW_ASSIGN_OR_RAISE(const auto mask,
                          arrow::compute::CallFunction(FunctionOf(predicate.op), operands));
    ARROW_ASSIGN_OR_RAISE(selected, arrow::compute::Filter(selected, mask));
  }
  if (order_by.empty() || selected.table()->num_rows() == 0) return selected.table();
  arrow::compute::SortOptions options;
  for (const auto& name : order_by) {
    ARROW_RETURN_NOT_OK(ColumnOf(*selected.table(), name).status());
    arrow::FieldRef column(name);
    options.sort_keys.push_back(arrow::compute::SortKey(std::move(column)));
  }
  ARROW_ASSIGN_OR_RAISE(const auto order, arrow::compute::SortIndices(selected, options));
  ARROW_ASSIGN_OR_RAISE(selected, arrow::compute::Take(selected, order));
  return selected.table();
}

}  // namespace ampload::conformance
