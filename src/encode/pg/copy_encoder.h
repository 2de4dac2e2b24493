// Arrow batches as the tuples of PostgreSQL's binary COPY.
//
// The column's type decides, not the rows'. What can go where:
//
//   boolean             bool
//   smallint, integer,
//   bigint              integers and whole decimals, in range
//   real, double        floats; a double into a real where it is one; integers up to 2^24 and 2^53
//   numeric, (p, s)     integers and decimals that it holds without rounding
//   text                strings without a NUL; varchar(n): of up to n characters; char(n): of n,
//                       since the server would pad; name: of up to 63 bytes
//   bytea, uuid         binaries; fixed_size_binary(16)
//   date                dates, date64 of whole days, in the server's range
//   time, timestamp,
//   timestamptz         theirs, in the server's range; a timestamp with a zone goes into
//                       timestamptz, one without into timestamp
//   interval            durations and intervals
//   json, jsonb         strings, taken for JSON text; lists, structs and maps as json_encoder.h
//                       has them. A jsonb refuses what it would not keep: a NUL, a map's key that
//                       is there twice, a float's negative zero
//   an array            lists of what its element takes, in one dimension
//
// Nanoseconds, and digits that a column of fewer behind the second has no place for, are a matter
// of single values: nothing is rounded, unless the user accepts a loss by name (toward zero then).
// Text is never made a number, nor a number text. Dictionary and run-end-encoded columns go as
// their value type, extension types as their storage. A null type goes into every column.
//
// Two passes as for the other row formats: after the first nothing can fail.
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
// `allow` has the losses that the user accepts: today each is a matter of single values.
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
