#include "loaders/lmdb/row_encoder.h"

#include <utility>

#include "loader/column_order.h"
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
    auto order = encode::OrderEncoder::Make(*columns, form.order_by, form.table);
    if (!order.ok()) return WithContext(order.status(), "lmdb");
    encoder->order_ = std::move(*order);
  }
  auto values = encode::MakeRowFormatEncoder(form.format, columns);
  if (!values.ok()) return WithContext(values.status(), "lmdb: table=" + form.table);
  encoder->values_ = std::move(*values);
  encoder->form_ = std::move(form);
  return encoder;
}

Result<std::unique_ptr<EncodedBatch>> RowEncoder::Encode(const StagedBatch& staged) const {
  ARROW_ASSIGN_OR_RAISE(auto batch, InOrder("lmdb", staged.batch, *form_.rows, form_.table));
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
    ARROW_RETURN_NOT_OK(CheckNeverNull("lmdb", *batch, pairs->ops, form_.never_null, form_.table,
                                       staged.first_row));
  }
  if (keys_ != nullptr) {
    auto keys = keys_->Encode(*batch, staged.first_row);
    if (!keys.ok()) return WithOrigin(keys.status(), staged);
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
