#include "loaders/lmdb/row_encoder.h"

#include <arrow/array.h>

#include <utility>

#include "loader/row_op.h"

namespace ampload::lmdb {

Result<std::unique_ptr<RowEncoder>> RowEncoder::Make(RowForm form) {
  auto encoder = std::make_unique<RowEncoder>();
  encoder->columns_ = form.rows;
  if (form.op_column.has_value()) {
    ARROW_ASSIGN_OR_RAISE(encoder->columns_, form.rows->RemoveField(*form.op_column));
  }
  const auto& columns = encoder->columns_;
  if (!form.key.is_row_number()) {
    ARROW_ASSIGN_OR_RAISE(encoder->keys_, KeyEncoder::Make(*columns, form.key, form.table));
  }
  if (!form.order_by.empty()) {
    ARROW_ASSIGN_OR_RAISE(encoder->order_, OrderEncoder::Make(*columns, form.order_by, form.table));
  }
  auto values = encode::MakeRowFormatEncoder(form.format, columns);
  if (!values.ok()) return WithContext(values.status(), "lmdb: table=" + form.table);
  encoder->values_ = std::move(*values);
  encoder->form_ = std::move(form);
  return encoder;
}

Result<std::shared_ptr<arrow::RecordBatch>> RowEncoder::InOrder(
    const std::shared_ptr<arrow::RecordBatch>& batch) const {
  const auto& wanted = *form_.rows;
  if (batch->schema()->Equals(wanted, /*check_metadata=*/false)) return batch;
  std::vector<int> places;
  for (const auto& field : wanted.fields()) {
    const int place = batch->schema()->GetFieldIndex(field->name());
    if (place >= 0 && batch->schema()->field(place)->Equals(*field, /*check_metadata=*/false)) {
      places.push_back(place);
    }
  }
  if (std::cmp_equal(places.size(), wanted.num_fields()) &&
      batch->num_columns() == wanted.num_fields()) {
    return batch->SelectColumns(places);
  }
  return DataError("lmdb: a batch has another schema than the session's: table=" + form_.table +
                   " session=[" + wanted.ToString() + "] batch=[" + batch->schema()->ToString() +
                   "]");
}

Status RowEncoder::CheckNulls(const arrow::RecordBatch& batch, const EncodedPairs& pairs) const {
  for (const auto& name : form_.never_null) {
    const auto column = batch.GetColumnByName(name);
    if (column == nullptr) continue;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (pairs.op(row) == RowOp::kDelete || column->IsValid(row)) continue;
      return BadRowError(row,
                         "lmdb: a null in a column that is never null in the table; only a row "
                         "that deletes may have one: table=" +
                             form_.table + " column=" + name +
                             " row=" + std::to_string(pairs.first_row + row));
    }
  }
  return Status::OK();
}

Result<std::unique_ptr<EncodedBatch>> RowEncoder::Encode(const StagedBatch& staged) const {
  ARROW_ASSIGN_OR_RAISE(auto batch, InOrder(staged.batch));
  auto pairs = std::make_unique<EncodedPairs>();
  pairs->batch_id = staged.id.value();
  pairs->first_row = staged.first_row;
  pairs->origin = staged.origin;
  pairs->columns = columns_;
  const std::string where = staged.origin.empty()
                                ? "lmdb: table=" + form_.table
                                : "lmdb: table=" + form_.table + " file=" + staged.origin;
  if (form_.op_column.has_value()) {
    auto ops = ReadOps(*batch, *form_.op_column, staged.first_row);
    if (!ops.ok()) return WithContext(ops.status(), where);
    pairs->ops = std::move(*ops);
    ARROW_ASSIGN_OR_RAISE(batch, batch->RemoveColumn(*form_.op_column));
    ARROW_RETURN_NOT_OK(CheckNulls(*batch, *pairs));
  }
  if (keys_ != nullptr) {
    auto keys = keys_->Encode(*batch, staged.first_row);
    if (!keys.ok()) {
      const auto& status = keys.status();
      return staged.origin.empty() ? status
                                   : status.WithMessage(MessageOf(status), " file=", staged.origin);
    }
    pairs->keys = std::move(*keys);
  }
  if (order_ != nullptr) {
    ARROW_ASSIGN_OR_RAISE(pairs->order, order_->Encode(*batch));
  }
  auto values = values_->Encode(*batch);
  if (!values.ok()) {
    return WithContext(values.status(), where + " first_row=" + std::to_string(staged.first_row));
  }
  pairs->values = std::move(*values);
  return pairs;
}

std::string RowEncoder::DescribeKey(std::string_view key) const {
  if (keys_ != nullptr) return keys_->Describe(key);
  const auto number = RowNumberOf(key);
  return number.ok() ? "row_number=" + std::to_string(*number) : "row_number";
}

}  // namespace ampload::lmdb
