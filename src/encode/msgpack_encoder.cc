#include "encode/msgpack_encoder.h"

#include <utility>

#include "encode/row_passes.h"

namespace ampload::encode {

MsgpackEncoder::MsgpackEncoder(std::unique_ptr<RowPasses<MsgpackFormat>> passes)
    : passes_(std::move(passes)) {}
MsgpackEncoder::~MsgpackEncoder() = default;

Result<std::unique_ptr<MsgpackEncoder>> MsgpackEncoder::Make(
    std::shared_ptr<arrow::Schema> schema) {
  ARROW_ASSIGN_OR_RAISE(auto passes, RowPasses<MsgpackFormat>::Make(std::move(schema)));
  return std::unique_ptr<MsgpackEncoder>(new MsgpackEncoder(std::move(passes)));
}

Result<EncodedRows> MsgpackEncoder::Encode(const arrow::RecordBatch& batch) const {
  return passes_->Encode(batch);
}

}  // namespace ampload::encode
