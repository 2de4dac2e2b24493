// Arrow columns as msgpack rows: a map from column name to value, one a row, columns in schema
// order.
//
// Two passes over columns, in blocks of rows that stay in cache. The first sizes and validates;
// after it nothing can fail. The second scatters every column's values into one buffer that is
// allocated once.
//
//   null                      nil
//   bool                      bool
//   int8 .. uint64            int or uint in its shortest form
//   float16, float32          float32
//   float64                   float64
//   decimals                  str of plain digits, exactly `scale` behind the point: "-0.05"
//   strings, binaries         str, bin
//   date32, date64            str "2022-06-21"             years 0000 to 9999
//   time32, time64            str "02:28:20.000000"        6 digits for s, ms and us; 9 for ns
//   timestamp                 str "2022-06-21T02:28:20.000000", digits as in time; where the column
//                             has a time zone, whichever it is: the instant in UTC, "Z" at the end
//   duration                  str "PT86400S", "PT-1.5S"    seconds, no zeros at the end
//   intervals                 str "P14M", "P1DT-0.25S", "P1M-2DT3.5S"; zero "P0M", "PT0S"
//   list kinds                array
//   struct, map               map
//   dictionary, run-end-encoded   as their value type
//   extension types           as their storage
//   unions                    refused
//
// The encoding is an interface that other programs read.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>

#include "ampload/status.h"
#include "encode/encoded_rows.h"
#include "encode/row_format_encoder.h"

namespace ampload::encode {

struct MsgpackFormat;
template <class Format>
class RowPasses;

class MsgpackEncoder final : public RowFormatEncoder {
 public:
  // See MakeRowFormatEncoder.
  static Result<std::unique_ptr<MsgpackEncoder>> Make(std::shared_ptr<arrow::Schema> schema);
  ~MsgpackEncoder() override;

  // What cannot be encoded: a string that is not UTF-8, more than 2^32 - 1 bytes or elements, a
  // date beyond year 9999 or before 0000, a date64 that is no whole day, a time outside a day, a
  // null key of a map, an index outside its dictionary.
  Result<EncodedRows> Encode(const arrow::RecordBatch& batch) const override;

 private:
  explicit MsgpackEncoder(std::unique_ptr<RowPasses<MsgpackFormat>> passes);
  std::unique_ptr<RowPasses<MsgpackFormat>> passes_;
};

}  // namespace ampload::encode
