// A batch as LMDB pairs: keys by KeyEncoder, values as rows in the table's format, and what upsert
// and merge need to know of each row.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/write_session.h"
#include "encode/encoded_rows.h"
#include "encode/order_encoder.h"
#include "encode/row_format_encoder.h"
#include "loaders/lmdb/key_encoder.h"

namespace ampload::lmdb {

// `keys` is absent where rows are numbered: the number is known only inside the transaction.
struct EncodedPairs final : public EncodedBatch {
  std::optional<EncodedKeys> keys;
  encode::EncodedRows values;  // a row that is deleted has one too
  std::vector<RowOp> ops;      // one a row; empty: all are upserts
  std::optional<encode::EncodedOrder> order;
  std::shared_ptr<arrow::Schema> columns;  // of the values
  int64_t batch_id = 0;
  int64_t first_row = 0;
  std::string origin;

  int64_t rows() const { return values.num_rows(); }
  RowOp op(int64_t row) const {
    return ops.empty() ? RowOp::kUpsert : ops[static_cast<size_t>(row)];
  }
  int64_t size_bytes() const override {
    return values.size_bytes() +
           (keys.has_value() ? static_cast<int64_t>(keys->bytes.size()) : rows() * 8) +
           static_cast<int64_t>(ops.size() * sizeof(RowOp)) +
           static_cast<int64_t>(order.has_value() ? order->size_bytes() : 0);
  }
};

// What one session's rows look like.
struct RowForm {
  std::string table;
  std::shared_ptr<arrow::Schema> rows;  // of the batches
  std::optional<int> op_column;         // among `rows`; not stored
  KeyDefinition key;
  encode::ValueFormat format = encode::ValueFormat::kMsgpack;
  std::string order_by;                 // empty: rows come in their order
  std::vector<std::string> never_null;  // columns in which only a row that deletes may be null
};

class RowEncoder final : public BatchEncoder {
 public:
  // Errors for columns that cannot be stored, be a key or give an order; see MakeRowFormatEncoder,
  // KeyEncoder::Make and OrderEncoder::Make.
  static Result<std::unique_ptr<RowEncoder>> Make(RowForm form);

  // Always makes EncodedPairs. The columns may come in another order; a batch of another schema is
  // a data error. Where one row alone is to blame, BadRowOf has its place in the batch.
  Result<std::unique_ptr<EncodedBatch>> Encode(const StagedBatch& batch) const override;

  // A key as a person would write it: "block_num=7 tx_index=1".
  std::string DescribeKey(std::string_view key) const;

  const RowForm& form() const { return form_; }
  const std::shared_ptr<arrow::Schema>& columns() const { return columns_; }
  // False where two different keys may have the same bytes: see KeyEncoder.
  bool TellsKeysApart() const { return keys_ == nullptr || keys_->TellsKeysApart(); }

 private:
  RowForm form_;
  std::shared_ptr<arrow::Schema> columns_;       // of the values: form_.rows without `_op`
  std::unique_ptr<KeyEncoder> keys_;             // null: rows are numbered
  std::unique_ptr<encode::OrderEncoder> order_;  // null: rows come in their order
  std::unique_ptr<encode::RowFormatEncoder> values_;
};

}  // namespace ampload::lmdb
