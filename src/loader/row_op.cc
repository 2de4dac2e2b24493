#include "loader/row_op.h"

#include <arrow/array.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace ampload {
namespace {

const arrow::DataType& WordType(const arrow::DataType& type) {
  return type.id() == arrow::Type::DICTIONARY
             ? *static_cast<const arrow::DictionaryType&>(type).value_type()
             : type;
}

bool IsText(const arrow::DataType& type) {
  const auto id = WordType(type).id();
  return id == arrow::Type::STRING || id == arrow::Type::LARGE_STRING ||
         id == arrow::Type::STRING_VIEW;
}

std::string_view WordAt(const arrow::Array& words, int64_t i) {
  switch (words.type_id()) {
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(words).GetView(i);
    case arrow::Type::LARGE_STRING:
      return static_cast<const arrow::LargeStringArray&>(words).GetView(i);
    default:
      return static_cast<const arrow::StringViewArray&>(words).GetView(i);
  }
}

Status BadOp(int64_t row, int64_t first_row, const std::string& found) {
  return BadRowError(row,
                     "a row's _op says none of insert, update, upsert, delete: column=_op row=" +
                         std::to_string(first_row + row) + " value=" + found);
}

}  // namespace

std::optional<RowOp> ParseRowOp(std::string_view text) {
  if (text == "insert") return RowOp::kInsert;
  if (text == "update") return RowOp::kUpdate;
  if (text == "upsert") return RowOp::kUpsert;
  if (text == "delete") return RowOp::kDelete;
  return std::nullopt;
}

std::optional<int> OpColumnOf(LoadMode mode, const arrow::Schema& rows) {
  if (mode != LoadMode::kMerge) return std::nullopt;
  const int column = rows.GetFieldIndex(kOpColumn);
  return column < 0 ? std::nullopt : std::optional<int>(column);
}

std::optional<int> OpColumnOf(const TableSpec& spec) { return OpColumnOf(spec.mode, *spec.schema); }

Result<std::shared_ptr<arrow::Schema>> StoredSchema(const TableSpec& spec) {
  const auto column = OpColumnOf(spec);
  if (!column.has_value()) return spec.schema;
  const auto& type = *spec.schema->field(*column)->type();
  if (!IsText(type)) {
    return ConfigurationError(
        "in a merge the column _op says what to do with each row, in text; leave another column "
        "of that name out with --exclude, or --rename it: table=" +
        spec.name + " column=_op type=" + type.ToString());
  }
  if (std::find(spec.keys.begin(), spec.keys.end(), kOpColumn) != spec.keys.end() ||
      spec.order_by == kOpColumn) {
    return ConfigurationError(
        "the column _op of a merge is not stored: it can be no key and no order: table=" +
        spec.name);
  }
  return spec.schema->RemoveField(*column);
}

Result<std::vector<RowOp>> ReadOps(const arrow::RecordBatch& batch, int column, int64_t first_row) {
  const auto& array = *batch.column(column);
  if (!IsText(*array.type())) {
    return DataError("the column _op holds no text: type=" + array.type()->ToString());
  }
  const auto* coded = array.type_id() == arrow::Type::DICTIONARY
                          ? static_cast<const arrow::DictionaryArray*>(&array)
                          : nullptr;
  const arrow::Array& words = coded != nullptr ? *coded->dictionary() : array;
  std::vector<RowOp> ops;
  ops.reserve(static_cast<size_t>(array.length()));
  for (int64_t row = 0; row < array.length(); ++row) {
    if (array.IsNull(row)) return BadOp(row, first_row, "null");
    const int64_t place = coded != nullptr ? coded->GetValueIndex(row) : row;
    if (words.IsNull(place)) return BadOp(row, first_row, "null");
    const auto word = WordAt(words, place);
    const auto op = ParseRowOp(word);
    if (!op.has_value()) return BadOp(row, first_row, "\"" + std::string(word) + "\"");
    ops.push_back(*op);
  }
  return ops;
}

}  // namespace ampload
