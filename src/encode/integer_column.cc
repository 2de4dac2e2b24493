// int8 to uint64: the shortest int or uint.
#include <type_traits>

#include "encode/leaf_column.h"

namespace ampload::encode {
namespace {

template <class T>
struct IntegerCodec : PlainCodec {
  const T* values;

  int64_t Size(int64_t row) const {
    if constexpr (std::is_signed_v<T>) {
      return msgpack::IntSize(values[row]);
    } else {
      return msgpack::UintSize(values[row]);
    }
  }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    if constexpr (std::is_signed_v<T>) {
      return msgpack::PutInt(at, values[row]);
    } else {
      return msgpack::PutUint(at, values[row]);
    }
  }
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeIntegerColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const auto make = [&]<class T>(T) {
    return MakeLeaf(data, std::move(prefix), IntegerCodec<T>{{}, data.GetValues<T>(1)});
  };
  switch (data.type->id()) {
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
