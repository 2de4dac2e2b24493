#include "conformance/kit/same_rows.h"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/api.h>

#include "conformance/kit/loaded_type.h"
#include "conformance/kit/plain_column.h"

namespace ampload::conformance {
namespace {

Result<std::shared_ptr<arrow::Array>> Whole(const arrow::ChunkedArray& column) {
  if (column.num_chunks() == 1) return column.chunk(0);
  if (column.num_chunks() == 0) return arrow::MakeEmptyArray(column.type());
  return arrow::Concatenate(column.chunks());
}

std::string ValueAt(const arrow::Array& array, int64_t row) {
  const auto scalar = array.GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : "?";
}

Status CompareColumns(const std::string& name, const arrow::ChunkedArray& expected_column,
                      const arrow::ChunkedArray& actual_column) {
  ARROW_ASSIGN_OR_RAISE(auto expected, Whole(expected_column));
  ARROW_ASSIGN_OR_RAISE(auto actual, Whole(actual_column));
  ARROW_ASSIGN_OR_RAISE(expected, PlainColumn(expected));
  ARROW_ASSIGN_OR_RAISE(actual, PlainColumn(actual));
  if (!actual->type()->Equals(*expected->type())) {
    auto cast = AsLoaded(actual, expected->type());
    if (!cast.ok()) {
      return DataError("a column came back as another type: column=" + name + " loaded=" +
                       expected->type()->ToString() + " stored=" + actual->type()->ToString() +
                       " reason=" + cast.status().message());
    }
    actual = *cast;
  }
  const auto options = arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
  if (expected->Equals(*actual, options)) return Status::OK();
  for (int64_t row = 0; row < expected->length(); ++row) {
    if (expected->RangeEquals(*actual, row, row + 1, row, options)) continue;
    return DataError("a value is not the one that was loaded: column=" + name +
                     " row=" + std::to_string(row) + " type=" + expected->type()->ToString() +
                     " expected=" + ValueAt(*expected, row) + " found=" + ValueAt(*actual, row));
  }
  return DataError("a column is not the one that was loaded: column=" + name);
}

std::string NamesOf(const arrow::Table& table) {
  std::string names;
  for (const auto& name : table.ColumnNames()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

Status Expect(bool condition, const std::string& what) {
  return condition ? Status::OK() : DataError(what);
}

Status ExpectSameRows(const arrow::Table& expected, const arrow::Table& actual) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  if (expected.ColumnNames() != actual.ColumnNames()) {
    return DataError("the columns are not those that were loaded: expected=[" + NamesOf(expected) +
                     "] found=[" + NamesOf(actual) + "]");
  }
  if (expected.num_rows() != actual.num_rows()) {
    return DataError(
        "the number of rows is wrong: expected=" + std::to_string(expected.num_rows()) +
        " found=" + std::to_string(actual.num_rows()));
  }
  for (int i = 0; i < expected.num_columns(); ++i) {
    ARROW_RETURN_NOT_OK(
        CompareColumns(expected.field(i)->name(), *expected.column(i), *actual.column(i)));
  }
  return Status::OK();
}

}  // namespace ampload::conformance
