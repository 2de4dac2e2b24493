#include "encode/row_passes.h"

namespace ampload::encode {

Status RefusalError(std::string_view format, const arrow::Schema& schema, size_t column,
                    int64_t row, const Refusal& refusal) {
  std::string message = std::string(format) + ": " + refusal.what +
                        ": column=" + schema.field(static_cast<int>(column))->name() +
                        refusal.path + " row=" + std::to_string(row);
  if (!refusal.value.empty()) message += " " + refusal.value;
  return BadRowError(row, std::move(message));
}

Status CheckSchema(std::string_view format, const arrow::RecordBatch& batch,
                   const arrow::Schema& schema) {
  if (batch.schema()->Equals(schema, /*check_metadata=*/false)) return Status::OK();
  return DataError(std::string(format) + ": the batch has another schema than the encoder: batch=" +
                   batch.schema()->ToString() + " encoder=" + schema.ToString());
}

}  // namespace ampload::encode
