#include "loaders/deltalake/row_encoder.h"

#include <arrow/array.h>
#include <arrow/util/byte_size.h>

#include <cmath>

#include "encode/lake_form.h"
#include "loader/column_order.h"
#include "loaders/deltalake/partition_values.h"

namespace ampload::deltalake {
namespace {

// Might this value be none that a partition can have? PartitionText decides.
bool IsSuspicious(const arrow::Array& column, int64_t row) {
  switch (column.type_id()) {
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(column).value_length(row) == 0;
    case arrow::Type::BINARY:
      return static_cast<const arrow::BinaryArray&>(column).value_length(row) == 0;
    case arrow::Type::FLOAT:
      return !std::isfinite(static_cast<const arrow::FloatArray&>(column).Value(row));
    case arrow::Type::DOUBLE:
      return !std::isfinite(static_cast<const arrow::DoubleArray&>(column).Value(row));
    default:
      return false;
  }
}

// A BadRowError for the first value that cannot be a partition's.
Status CheckPartitionValues(const arrow::RecordBatch& rows, const std::string& name) {
  const auto column = rows.GetColumnByName(name);
  if (column == nullptr) return Status::OK();
  for (int64_t row = 0; row < column->length(); ++row) {
    if (column->IsNull(row) || !IsSuspicious(*column, row)) continue;
    ARROW_ASSIGN_OR_RAISE(const auto value, column->GetScalar(row));
    const Status said = PartitionText(*value).status();
    if (!said.ok()) return BadRowError(row, MessageOf(said) + ": column=" + name);
  }
  return Status::OK();
}

}  // namespace

Result<std::unique_ptr<EncodedBatch>> RowEncoder::Encode(const StagedBatch& batch) const {
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        InOrder("deltalake", batch.batch, *spec_.schema, spec_.name));
  auto lake = encode::ToLakeColumns(*rows, stored_, encode::StoreFormat::kDelta, spec_.allow);
  for (const auto& name : partition_columns_) {
    if (!lake.ok()) break;
    if (const Status fits = CheckPartitionValues(**lake, name); !fits.ok()) lake = fits;
  }
  for (const auto& constraint : constraints_) {
    if (!lake.ok()) break;
    if (const Status kept = constraint.Check(**lake); !kept.ok()) lake = kept;
  }
  if (!lake.ok()) {
    Status failure = WithContext(lake.status(), "deltalake: table=" + spec_.name);
    if (const auto row = BadRowOf(lake.status()); row.has_value()) {
      failure =
          BadRowError(*row, MessageOf(failure) + " row=" + std::to_string(batch.first_row + *row));
    }
    return WithOrigin(failure, batch);
  }
  auto encoded = std::make_unique<EncodedRows>();
  encoded->rows = *std::move(lake);
  ARROW_ASSIGN_OR_RAISE(encoded->bytes, arrow::util::ReferencedBufferSize(*encoded->rows));
  encoded->made_by = this;
  return std::unique_ptr<EncodedBatch>(std::move(encoded));
}

}  // namespace ampload::deltalake
