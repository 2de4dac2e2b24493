// A batch as LMDB pairs: keys by KeyEncoder, values as rows in the table's format.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>

#include "ampload/write_session.h"
#include "encode/encoded_rows.h"
#include "encode/row_format_encoder.h"
#include "loaders/lmdb/key_encoder.h"

namespace ampload::lmdb {

// `keys` is absent where rows are numbered: the number is known only inside the transaction.
struct EncodedPairs final : public EncodedBatch {
  std::optional<EncodedKeys> keys;
  encode::EncodedRows values;
  int64_t batch_id = 0;
  int64_t first_row = 0;
  std::string origin;

  int64_t rows() const { return values.num_rows(); }
  int64_t size_bytes() const override {
    return values.size_bytes() +
           (keys.has_value() ? static_cast<int64_t>(keys->bytes.size()) : rows() * 8);
  }
};

class RowEncoder final : public BatchEncoder {
 public:
  // Errors for columns that cannot be stored or be a key; see MakeRowFormatEncoder and
  // KeyEncoder::Make.
  static Result<std::unique_ptr<RowEncoder>> Make(const std::shared_ptr<arrow::Schema>& schema,
                                                  const KeyDefinition& key,
                                                  encode::ValueFormat format,
                                                  const std::string& table);

  // Always makes EncodedPairs. A batch of another schema is a data error. Where one row alone is to
  // blame, BadRowOf has its place in the batch.
  Result<std::unique_ptr<EncodedBatch>> Encode(const StagedBatch& batch) const override;

  // A key as a person would write it: "block_num=7 tx_index=1".
  std::string DescribeKey(std::string_view key) const;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::string table_;
  std::unique_ptr<KeyEncoder> keys_;  // null: rows are numbered
  std::unique_ptr<encode::RowFormatEncoder> values_;
};

}  // namespace ampload::lmdb
