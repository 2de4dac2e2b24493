// int8 to uint64.
#include <type_traits>

#include "encode/leaf_column.h"

namespace ampload::encode {
namespace {

template <class Format, class T>
struct IntegerCodec : PlainCodec {
  const T* values;

  int64_t Size(int64_t row) const {
    if constexpr (std::is_signed_v<T>) {
      return Format::IntSize(values[row]);
    } else {
      return Format::UintSize(values[row]);
    }
  }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    if constexpr (std::is_signed_v<T>) {
      return Format::PutInt(at, values[row]);
    } else {
      return Format::PutUint(at, values[row]);
    }
  }
};

}  // namespace

template <class Format>
std::unique_ptr<ColumnWriter> MakeIntegerColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const auto make = [&]<class T>(T) {
    using Codec = IntegerCodec<Format, T>;
    return MakeLeaf<Format>(data, std::move(prefix), Codec{{}, data.GetValues<T>(1)});
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

AMPLOAD_FOR_EVERY_FORMAT(MakeIntegerColumn)

}  // namespace ampload::encode
