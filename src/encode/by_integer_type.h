// From an integer type's id to code made for that type.
#pragma once

#include <arrow/type.h>

#include <cstdint>

namespace ampload::encode {

// make(T{}), T being the C++ type of that Arrow integer. All calls have one result type.
template <class Make>
auto ByIntegerType(arrow::Type::type id, const Make& make) {
  switch (id) {
    case arrow::Type::INT8:
      return make(int8_t{});
    case arrow::Type::INT16:
      return make(int16_t{});
    case arrow::Type::INT32:
      return make(int32_t{});
    case arrow::Type::INT64:
      return make(int64_t{});
    case arrow::Type::UINT8:
      return make(uint8_t{});
    case arrow::Type::UINT16:
      return make(uint16_t{});
    case arrow::Type::UINT32:
      return make(uint32_t{});
    default:
      return make(uint64_t{});
  }
}

}  // namespace ampload::encode
