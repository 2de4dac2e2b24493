// Arrow columns as JSON rows: an object from column name to value, one a row, columns in schema
// order, no spaces. Made in the two passes of row_passes.h.
//
//   null                      null
//   bool                      true, false
//   int8 .. uint64            number, all digits
//   float16, float32, float64 number, the fewest digits that give the same float of the column's
//                             width again; negative zero -0.0; "NaN", "Infinity", "-Infinity"
//   decimals                  string of plain digits, exactly `scale` behind the point: "-0.05"
//   strings                   string, escaped where RFC 8259 says must
//   binaries                  string of hex digits: "0x00ff"
//   dates, times, timestamps,
//   durations, intervals      the strings of msgpack_encoder.h
//   list kinds                array
//   struct                    object, fields in their order
//   map                       object where keys are strings, else array of pairs [key, value]; keys
//                             that are there twice stay twice
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

struct JsonFormat;
template <class Format>
class RowPasses;

class JsonEncoder final : public RowFormatEncoder {
 public:
  // See MakeRowFormatEncoder.
  static Result<std::unique_ptr<JsonEncoder>> Make(std::shared_ptr<arrow::Schema> schema);
  ~JsonEncoder() override;

  // What cannot be encoded is what MsgpackEncoder refuses.
  Result<EncodedRows> Encode(const arrow::RecordBatch& batch) const override;

 private:
  explicit JsonEncoder(std::unique_ptr<RowPasses<JsonFormat>> passes);
  std::unique_ptr<RowPasses<JsonFormat>> passes_;
};

}  // namespace ampload::encode
