// Arrow columns as text, each field of each row for itself: Redis hash fields, parts of a key.
//
//   null                      the field is absent
//   bool                      true, false
//   int8 .. uint64            all digits
//   float32, float64          the fewest digits that give the same float of the column's width
//                             again; NaN, inf, -inf
//   float16                   as the float32 that it equals
//   decimals                  plain digits, exactly `scale` behind the point: -0.05
//   strings                   the bytes
//   binaries                  the bytes, or 0x and hex digits
//   dates, times, timestamps,
//   durations, intervals      the strings of msgpack_encoder.h
//   lists, structs, maps      JSON, as json_encoder.h has it
//   dictionary, run-end-encoded   as their value type
//   extension types           as their storage
//   unions                    refused
//
// Made in two passes over columns, like the rows of row_passes.h. The encoding is an interface that
// other programs read.
#pragma once

#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::encode {

// The fields of one batch end to end in one buffer, row after row.
struct EncodedFields {
  std::shared_ptr<arrow::Buffer> bytes;
  int64_t num_rows = 0;
  int64_t num_columns = 0;
  // Field i, counted along the rows, is bytes[offsets[i], offsets[i + 1]).
  std::vector<int64_t> offsets = {0};
  // Of field i: it is null and has no bytes. An empty string is not absent.
  std::vector<bool> absent;

  int64_t size_bytes() const { return offsets.back(); }
  bool is_absent(int64_t row, int64_t column) const { return absent[Place(row, column)]; }
  std::string_view field(int64_t row, int64_t column) const {
    const size_t i = Place(row, column);
    return {reinterpret_cast<const char*>(bytes->data()) + offsets[i],
            static_cast<size_t>(offsets[i + 1] - offsets[i])};
  }

 private:
  size_t Place(int64_t row, int64_t column) const {
    return static_cast<size_t>(row * num_columns + column);
  }
};

enum class BinaryText {
  kBytes,  // as they are
  kHex,    // 0x00ff
};

// Fields of one schema. Immutable: Encode may be called from several threads at once.
class TextEncoder {
 public:
  // A data error names every column that cannot be encoded, as MakeRowFormatEncoder's does.
  // `binaries` is for whole fields: within JSON a binary is always hex.
  static Result<std::unique_ptr<TextEncoder>> Make(std::shared_ptr<arrow::Schema> schema,
                                                   BinaryText binaries);

  // `batch` has the schema of Make. What cannot be encoded is what MsgpackEncoder refuses: a data
  // error with column and row, and BadRowOf has the row.
  Result<EncodedFields> Encode(const arrow::RecordBatch& batch) const;

 private:
  TextEncoder(std::shared_ptr<arrow::Schema> schema, BinaryText binaries)
      : schema_(std::move(schema)), binaries_(binaries) {}

  std::shared_ptr<arrow::Schema> schema_;
  BinaryText binaries_;
};

}  // namespace ampload::encode
