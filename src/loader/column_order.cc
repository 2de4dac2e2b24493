#include "loader/column_order.h"

#include <arrow/array.h>

#include <utility>

namespace ampload {

Result<std::shared_ptr<arrow::RecordBatch>> InOrder(
    std::string_view loader, const std::shared_ptr<arrow::RecordBatch>& batch,
    const arrow::Schema& session, const std::string& table) {
  if (batch->schema()->Equals(session, /*check_metadata=*/false)) return batch;
  std::vector<int> places;
  for (const auto& field : session.fields()) {
    const int place = batch->schema()->GetFieldIndex(field->name());
    if (place >= 0 && batch->schema()->field(place)->Equals(*field, /*check_metadata=*/false)) {
      places.push_back(place);
    }
  }
  if (std::cmp_equal(places.size(), session.num_fields()) &&
      batch->num_columns() == session.num_fields()) {
    return batch->SelectColumns(places);
  }
  return DataError(
      std::string(loader) + ": a batch has another schema than the session's: table=" + table +
      " session=[" + session.ToString() + "] batch=[" + batch->schema()->ToString() + "]");
}

Status CheckNeverNull(std::string_view loader, const arrow::RecordBatch& batch,
                      std::span<const RowOp> ops, const std::vector<std::string>& never_null,
                      const std::string& table, int64_t first_row) {
  for (const auto& name : never_null) {
    const auto column = batch.GetColumnByName(name);
    if (column == nullptr || column->ComputeLogicalNullCount() == 0) continue;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (column->IsValid(row) || ops[static_cast<size_t>(row)] == RowOp::kDelete) continue;
      return BadRowError(row, std::string(loader) +
                                  ": a null in a column that is never null in the table; only a "
                                  "row that deletes may have one: table=" +
                                  table + " column=" + name +
                                  " row=" + std::to_string(first_row + row));
    }
  }
  return Status::OK();
}

Status WithOrigin(const Status& status, const StagedBatch& batch) {
  if (status.ok() || batch.origin.empty()) return status;
  return status.WithMessage(MessageOf(status), " file=", batch.origin);
}

}  // namespace ampload
