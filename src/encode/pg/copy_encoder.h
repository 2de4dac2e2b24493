// Arrow batches as the tuples of PostgreSQL's binary COPY.
//
// The column's type decides, not the rows': uint64 into bigint is checked value by value, text into
// a number is refused. Two passes as for the other row formats: after the first nothing can fail.
// Source: PostgreSQL documentation, COPY, "Binary Format"; the *_recv functions of each type.
#pragma once

#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "encode/pg/pg_type.h"

namespace ampload::encode::pg {

// What opens a COPY's bytes and what ends them.
std::string_view CopyHeader();
std::string_view CopyTrailer();

// OK where values of the field's type can be sent to the column, though single ones may be refused
// (an int64 to an integer column). Else a data error that names both types and what to do.
// `allow` has the losses that the user accepts.
Status CheckFit(const arrow::Field& field, const PgColumn& column,
                const std::vector<std::string>& allow);

// Made for one schema and the columns that it goes to, one for each field, in the schema's order.
// Immutable: Encode may be called from several threads at once.
class CopyEncoder {
 public:
  virtual ~CopyEncoder() = default;

  // A data error as CheckFit's, of all columns that do not fit. `table` opens the messages.
  static Result<std::unique_ptr<CopyEncoder>> Make(std::shared_ptr<arrow::Schema> schema,
                                                   std::vector<PgColumn> columns, std::string table,
                                                   const std::vector<std::string>& allow);

  // The tuples, without header and trailer. A value that the column cannot hold, or a null where it
  // is never null, is a BadRowError (row in `batch`) that names table, column, row (counted from
  // first_row) and value.
  virtual Result<std::shared_ptr<arrow::Buffer>> Encode(const arrow::RecordBatch& batch,
                                                        int64_t first_row) const = 0;
};

}  // namespace ampload::encode::pg
