#include "loader/lineage.h"

#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include "loader/block_range_json.h"

namespace ampload {

Result<std::shared_ptr<arrow::Schema>> WithLineage(const arrow::Schema& rows, bool block_ranges) {
  arrow::FieldVector fields = rows.fields();
  arrow::FieldVector added = {arrow::field(kBatchIdColumn, arrow::int64())};
  if (block_ranges) added.push_back(arrow::field(kBlockRangesColumn, arrow::utf8()));
  for (auto& field : added) {
    if (rows.GetFieldIndex(field->name()) >= 0) {
      return ConfigurationError(
          "stream: the rows have a column of a name that the stream adds itself; rename it in the "
          "query, or with --rename: column=" +
          field->name());
    }
    fields.push_back(std::move(field));
  }
  return arrow::schema(std::move(fields), rows.metadata());
}

std::string BlockRangesJson(const std::vector<BlockRange>& ranges) {
  auto json = nlohmann::ordered_json::array();
  for (const auto& range : ranges) {
    json.push_back(ToJsonObject(range));
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<std::shared_ptr<arrow::RecordBatch>> AddLineage(const arrow::RecordBatch& batch,
                                                       const std::shared_ptr<arrow::Schema>& schema,
                                                       BatchId id, const std::string& ranges_json) {
  arrow::ArrayVector columns = batch.columns();
  ARROW_ASSIGN_OR_RAISE(
      columns.emplace_back(),
      arrow::MakeArrayFromScalar(arrow::Int64Scalar(id.value()), batch.num_rows()));
  if (static_cast<int>(columns.size()) < schema->num_fields()) {
    ARROW_ASSIGN_OR_RAISE(
        columns.emplace_back(),
        arrow::MakeArrayFromScalar(arrow::StringScalar(ranges_json), batch.num_rows()));
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(columns));
}

}  // namespace ampload
