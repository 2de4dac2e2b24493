#include "source/file/row_group_pruning.h"

#include <arrow/dataset/file_parquet.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <set>
#include <utility>

namespace ampload::source {
namespace {

using arrow::compute::Expression;

bool StatisticsProveSomething(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::DICTIONARY:
    case arrow::Type::EXTENSION:
      return false;
    default:
      return !arrow::is_floating(type.id()) && type.num_fields() == 0;
  }
}

struct PrunableColumn {
  std::shared_ptr<arrow::Field> field;
  int chunk;  // its leaf in the file
};

Result<std::vector<PrunableColumn>> PrunableColumns(const parquet::arrow::FileReader& reader,
                                                    const Expression& filter,
                                                    const arrow::Schema& schema, int file_columns) {
  std::set<int> indices;
  for (const auto& ref : arrow::compute::FieldsInExpression(filter)) {
    ARROW_ASSIGN_OR_RAISE(const auto path, ref.FindOne(schema));
    if (path.indices()[0] < file_columns) indices.insert(path.indices()[0]);
  }
  std::vector<PrunableColumn> columns;
  for (const int index : indices) {
    const auto& in_file = reader.manifest().schema_fields.at(static_cast<size_t>(index));
    if (!in_file.is_leaf() || !StatisticsProveSomething(*schema.field(index)->type())) continue;
    columns.push_back({schema.field(index), in_file.column_index});
  }
  return columns;
}

}  // namespace

Result<std::vector<int>> RowGroupsThatMayPass(const parquet::arrow::FileReader& reader,
                                              const Expression& filter, const arrow::Schema& schema,
                                              int file_columns) {
  ARROW_ASSIGN_OR_RAISE(const auto columns, PrunableColumns(reader, filter, schema, file_columns));
  const auto footer = reader.parquet_reader()->metadata();
  std::vector<int> kept;
  for (int g = 0; g < footer->num_row_groups(); ++g) {
    const auto group = footer->RowGroup(g);
    std::vector<Expression> known;
    for (const auto& column : columns) {
      const auto statistics = group->ColumnChunk(column.chunk)->statistics();
      if (statistics == nullptr) continue;
      auto range = arrow::dataset::ParquetFileFragment::EvaluateStatisticsAsExpression(
          *column.field, *statistics);
      if (range.has_value()) known.push_back(*std::move(range));
    }
    Expression left = filter;
    if (!known.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto guarantee, arrow::compute::and_(known).Bind(schema));
      ARROW_ASSIGN_OR_RAISE(left, arrow::compute::SimplifyWithGuarantee(filter, guarantee));
    }
    if (left.IsSatisfiable()) kept.push_back(g);
  }
  return kept;
}

}  // namespace ampload::source
