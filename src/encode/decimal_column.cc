// decimal32 to decimal256: text of plain digits.
#include <cstring>

#include <arrow/type.h>

#include "encode/decimal_digits.h"
#include "encode/leaf_column.h"

namespace ampload::encode {
namespace {

template <class Format, int kBytes>
struct DecimalCodec : PlainCodec {
  const uint8_t* values;
  int32_t scale;

  auto Load(int64_t row) const {
    const uint8_t* at = values + row * kBytes;
    if constexpr (kBytes == 4) {
      int32_t value;
      std::memcpy(&value, at, sizeof(value));
      return SplitSign(value);
    } else if constexpr (kBytes == 8) {
      int64_t value;
      std::memcpy(&value, at, sizeof(value));
      return SplitSign(value);
    } else if constexpr (kBytes == 16) {
      return SplitSign128(at);
    } else {
      return SplitSign256(at);
    }
  }
  static bool IsZero(uint64_t value) { return value == 0; }
  static bool IsZero(Uint128 value) { return value == 0; }
  static bool IsZero(const Uint256& value) {
    return (value.limbs[0] | value.limbs[1] | value.limbs[2] | value.limbs[3]) == 0;
  }

  int64_t Size(int64_t row) const {
    const auto value = Load(row);
    const int64_t length = DecimalTextSize(value.negative, IsZero(value.magnitude),
                                           DigitCount(value.magnitude), scale);
    return Format::TextSize(length);
  }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    const auto value = Load(row);
    const bool zero = IsZero(value.magnitude);
    const int digits = DigitCount(value.magnitude);
    at = Format::BeginText(at, DecimalTextSize(value.negative, zero, digits, scale));
    return Format::EndText(reinterpret_cast<uint8_t*>(
        PutDecimalText(reinterpret_cast<char*>(at), value, zero, digits, scale)));
  }
};

}  // namespace

template <class Format>
std::unique_ptr<ColumnWriter> MakeDecimalColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const int32_t scale = static_cast<const arrow::DecimalType&>(*data.type).scale();
  const auto make = [&]<int kBytes>(std::integral_constant<int, kBytes>) {
    const uint8_t* values = data.GetValues<uint8_t>(1, data.offset * kBytes);
    return MakeLeaf<Format>(data, std::move(prefix),
                            DecimalCodec<Format, kBytes>{{}, values, scale});
  };
  switch (data.type->id()) {
    case arrow::Type::DECIMAL32:
      return make(std::integral_constant<int, 4>{});
    case arrow::Type::DECIMAL64:
      return make(std::integral_constant<int, 8>{});
    case arrow::Type::DECIMAL128:
      return make(std::integral_constant<int, 16>{});
    default:
      return make(std::integral_constant<int, 32>{});
  }
}

AMPLOAD_FOR_EVERY_FORMAT(MakeDecimalColumn)

}  // namespace ampload::encode
