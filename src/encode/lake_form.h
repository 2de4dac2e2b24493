// Rows as a lake's own types: what the type matrix says of Delta and Iceberg, done to columns.
// Pure; safe from any thread.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "encode/type_matrix.h"

namespace ampload::encode {

// The metadata key of a field whose values are kept in another shape: the Arrow type's name.
inline constexpr char kArrowTypeKey[] = "ampload.arrow_type";

// The lake's type of a column, as the Arrow type whose Parquet form is the lake's: int8..int64,
// float, double, bool, utf8, binary, fixed_size_binary (Iceberg), date32, time64 us (Iceberg),
// timestamp us with the zone UTC or none, decimal128, list (element field "element"), map, struct.
// A data error for a type that is refused. Nullability and order of nested fields are kept; a
// field whose values are kept in another shape (a time as long ...) has the metadata key
// kArrowTypeKey, for readers.
Result<std::shared_ptr<arrow::Field>> LakeField(const arrow::Field& field, StoreFormat format);

// The same for all of a schema.
Result<std::shared_ptr<arrow::Schema>> LakeSchema(const arrow::Schema& schema, StoreFormat format);

// The batch's columns as `stored` has them: by name, in stored's order; a column that the batch
// lacks is null throughout. Every value is what it was, or one of the losses in `allow`; the first
// value that cannot be is a BadRowError (row in `batch`) that names the column and quotes the
// value: a uint64 block number beyond int64, a timestamp that leaves int64 microseconds,
// nanoseconds that are no whole microseconds. A null in a field of `stored` that is not nullable is
// one, too. No copy is made of a column that is already as it should be.
Result<std::shared_ptr<arrow::RecordBatch>> ToLakeColumns(
    const arrow::RecordBatch& batch, const std::shared_ptr<arrow::Schema>& stored,
    StoreFormat format, const std::vector<std::string>& allow);

}  // namespace ampload::encode
