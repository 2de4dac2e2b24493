// int8 to uint64.
#include <type_traits>

#include "encode/by_integer_type.h"
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
  return ByIntegerType(data.type->id(), make);
}

AMPLOAD_FOR_EVERY_FORMAT(MakeIntegerColumn)

}  // namespace ampload::encode
