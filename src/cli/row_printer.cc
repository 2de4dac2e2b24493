#include "cli/row_printer.h"

#include <arrow/type_traits.h>

#include "cli/row_json.h"
#include "cli/text_table.h"

namespace ampload::cli {
namespace {

// Calls `visit(column, row, value)` for every value, column by column.
template <class Visit>
void ForEachValue(const arrow::Table& rows, const Visit& visit) {
  for (int column = 0; column < rows.num_columns(); ++column) {
    size_t row = 0;
    for (const auto& chunk : rows.column(column)->chunks()) {
      for (int64_t i = 0; i < chunk->length(); ++i) visit(column, row++, ValueToJson(*chunk, i));
    }
  }
}

Align AlignOf(const arrow::DataType& type) {
  const bool number = arrow::is_numeric(type.id()) || arrow::is_decimal(type.id());
  return number ? Align::kRight : Align::kLeft;
}

}  // namespace

std::string PrintRows(const arrow::Table& rows, int width) {
  std::vector<TextColumn> columns;
  for (const auto& field : rows.schema()->fields()) {
    columns.push_back({field->name(), AlignOf(*field->type())});
  }
  std::vector<std::vector<std::string>> cells(
      static_cast<size_t>(rows.num_rows()),
      std::vector<std::string>(static_cast<size_t>(rows.num_columns())));
  ForEachValue(rows, [&](int column, size_t row, const nlohmann::ordered_json& value) {
    cells[row][static_cast<size_t>(column)] = CellText(value);
  });
  TextTable table(std::move(columns));
  for (auto& row : cells) table.AddRow(std::move(row));
  return table.Print(width);
}

nlohmann::ordered_json RowsToJson(const arrow::Table& rows) {
  std::vector<nlohmann::ordered_json> objects(static_cast<size_t>(rows.num_rows()),
                                              nlohmann::ordered_json::object());
  ForEachValue(rows, [&](int column, size_t row, nlohmann::ordered_json value) {
    objects[row][rows.field(column)->name()] = std::move(value);
  });
  return nlohmann::ordered_json(std::move(objects));
}

}  // namespace ampload::cli
