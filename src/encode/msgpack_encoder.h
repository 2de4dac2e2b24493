// Arrow columns as msgpack rows: a map from column name to value, one a row, columns in schema
// order.
//
// Two passes over columns, in blocks of rows that stay in cache. The first sizes and validates;
// after it nothing can fail. The second scatters every column's values into one buffer that is
// allocated once.
//
//   bool, ints, floats -> bool, int/uint (shortest form), float32/float64 of the Arrow width
//   decimals           -> str of plain digits ("-0.05")            strings -> str    binaries ->
//   bin date, time, timestamp, duration, interval -> str, ISO 8601 / RFC 3339 (fractions: 3, 6 or 9
//   digits by unit) list kinds         -> array       struct, map -> map           null -> nil
//   dictionary and run-end-encoded as the value type; extension types as their storage; union is
//   refused
//
// The encoding is an interface that other programs read.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>

#include "ampload/status.h"
#include "encode/encoded_rows.h"

namespace ampload::encode {

// Made for one schema. Immutable: Encode may be called from several threads at once.
class MsgpackEncoder {
 public:
  // A data error names every column that cannot be encoded, its type and why.
  static Result<std::unique_ptr<MsgpackEncoder>> Make(std::shared_ptr<arrow::Schema> schema);
  ~MsgpackEncoder();

  // `batch` has the schema of Make. A value that cannot be encoded (not UTF-8 in a string column,
  // more than 2^32 - 1 bytes or elements, a date beyond year 9999 or before 0000) is a data error
  // with column and row.
  Result<EncodedRows> Encode(const arrow::RecordBatch& batch) const;

 private:
  struct Impl;
  explicit MsgpackEncoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ampload::encode
