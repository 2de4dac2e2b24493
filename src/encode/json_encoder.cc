#include "encode/json_encoder.h"

#include <utility>

#include "encode/row_passes.h"

namespace ampload::encode {

JsonEncoder::JsonEncoder(std::unique_ptr<RowPasses<JsonFormat>> passes)
    : passes_(std::move(passes)) {}
JsonEncoder::~JsonEncoder() = default;

Result<std::unique_ptr<JsonEncoder>> JsonEncoder::Make(std::shared_ptr<arrow::Schema> schema) {
  ARROW_ASSIGN_OR_RAISE(auto passes, RowPasses<JsonFormat>::Make(std::move(schema)));
  return std::unique_ptr<JsonEncoder>(new JsonEncoder(std::move(passes)));
}

Result<EncodedRows> JsonEncoder::Encode(const arrow::RecordBatch& batch) const {
  return passes_->Encode(batch);
}

}  // namespace ampload::encode
