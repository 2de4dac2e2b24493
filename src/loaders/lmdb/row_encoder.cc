#include "loaders/lmdb/row_encoder.h"

#include <utility>

namespace ampload::lmdb {

Result<std::unique_ptr<RowEncoder>> RowEncoder::Make(const std::shared_ptr<arrow::Schema>& schema,
                                                     const KeyDefinition& key,
                                                     encode::ValueFormat format,
                                                     const std::string& table) {
  auto encoder = std::make_unique<RowEncoder>();
  encoder->schema_ = schema;
  encoder->table_ = table;
  if (!key.is_row_number()) {
    ARROW_ASSIGN_OR_RAISE(encoder->keys_, KeyEncoder::Make(*schema, key, table));
  }
  auto values = encode::MakeRowFormatEncoder(format, schema);
  if (!values.ok()) return WithContext(values.status(), "lmdb: table=" + table);
  encoder->values_ = std::move(*values);
  return encoder;
}

Result<std::unique_ptr<EncodedBatch>> RowEncoder::Encode(const StagedBatch& staged) const {
  const auto& batch = *staged.batch;
  if (!batch.schema()->Equals(*schema_, /*check_metadata=*/false)) {
    return DataError("lmdb: a batch has another schema than the session's: table=" + table_ +
                     " session=[" + schema_->ToString() + "] batch=[" + batch.schema()->ToString() +
                     "]");
  }
  auto pairs = std::make_unique<EncodedPairs>();
  pairs->batch_id = staged.id.value();
  pairs->first_row = staged.first_row;
  pairs->origin = staged.origin;
  const std::string where = staged.origin.empty()
                                ? "lmdb: table=" + table_
                                : "lmdb: table=" + table_ + " file=" + staged.origin;
  if (keys_ != nullptr) {
    ARROW_ASSIGN_OR_RAISE(pairs->keys, keys_->Encode(batch, staged.first_row));
  }
  auto values = values_->Encode(batch);
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
