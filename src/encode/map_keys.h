// The keys of a map column.
#pragma once

#include <arrow/array/data.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>

namespace arrow {
class Array;
}

namespace ampload::encode {

struct Rows;

// Whether the values of a type are strings, dictionaries, runs and extensions looked through.
bool IsStringType(const arrow::DataType& type);

// Keys must not be null, and Arrow's validation does not see it: in a row, null would stand as a
// key.
class MapKeys {
 public:
  explicit MapKeys(const std::shared_ptr<arrow::ArrayData>& keys);

  // The position of the first of `rows` whose key is null; rows.count when there is none. Indices
  // of dictionaries are within them.
  int64_t FindNull(const Rows& rows) const;

 private:
  std::shared_ptr<arrow::Array> keys_;
  bool may_be_null_;
};

}  // namespace ampload::encode
