// The values of an `order_by` column as bytes that sort as the values do:
//
//   null                         00
//   integer, date, time,         01, then big-endian with the sign bit flipped (unsigned: as it is)
//   timestamp, decimal, bool
//   float                        01, then its bits so that they sort; -0 as 0, NaN above all
//   string, binary               01, then the bytes as they are
//
// Two rows of one key are compared by them, within one load; they are never kept with a table.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::encode {

// Value i is bytes[offsets[i], offsets[i + 1]).
struct EncodedOrder {
  std::string bytes;
  std::vector<size_t> offsets = {0};

  std::string_view at(size_t i) const {
    return std::string_view(bytes).substr(offsets[i], offsets[i + 1] - offsets[i]);
  }
  size_t size_bytes() const { return bytes.size() + offsets.size() * sizeof(size_t); }
};

// Immutable: Encode may be called from several threads at once.
class OrderEncoder {
 public:
  // A configuration error for a column that the rows lack, or a type that has no order here.
  static Result<std::unique_ptr<OrderEncoder>> Make(const arrow::Schema& schema,
                                                    const std::string& column,
                                                    const std::string& table);

  Result<EncodedOrder> Encode(const arrow::RecordBatch& batch) const;

 private:
  OrderEncoder(int column, std::shared_ptr<arrow::DataType> type)
      : column_(column), type_(std::move(type)) {}

  int column_;
  std::shared_ptr<arrow::DataType> type_;
};

}  // namespace ampload::encode
