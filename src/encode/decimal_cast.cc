#include "encode/decimal_cast.h"

#include <arrow/builder.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "encode/decimal_digits.h"

namespace ampload::encode {
namespace {

using arrow::Decimal256;

constexpr int kMost = 76;  // digits

// Little-endian two's complement of any width.
Decimal256 Widened(std::string_view bytes) {
  std::array<uint64_t, 4> limbs;
  const bool negative = (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0;
  limbs.fill(negative ? ~uint64_t{0} : 0);
  std::memcpy(limbs.data(), bytes.data(), bytes.size());
  return Decimal256(arrow::BasicDecimal256::LittleEndianArray, limbs);
}

// value / 10^zeros by its digits: the library's division was seen to leave a remainder where there
// is none (18446744073709551615 * 10^20 by 10^20).
std::optional<Decimal256> WithoutZeros(const Decimal256& value, int zeros) {
  const auto bytes = value.ToBytes();
  const auto [negative, magnitude] = SplitSign256(bytes.data());
  std::string digits(static_cast<size_t>(DigitCount(magnitude)), '0');
  PutDigits(digits.data(), magnitude, static_cast<int>(digits.size()));
  const auto kept = digits.size() - std::min(digits.size(), static_cast<size_t>(zeros));
  if (kept == 0 || digits.find_first_not_of('0', kept) != std::string::npos) return std::nullopt;
  const auto whole = Decimal256::FromString(digits.substr(0, kept));
  if (!whole.ok()) return std::nullopt;
  return negative ? Decimal256(-*whole) : *whole;
}

// value * 10^by; nullopt where digits would be lost.
std::optional<Decimal256> Scaled(const Decimal256& value, int by) {
  if (value == Decimal256(0) || by == 0) return value;
  if (by > kMost || -by > kMost) return std::nullopt;
  if (by > 0) {
    if (!value.FitsInPrecision(kMost - by)) return std::nullopt;
    return Decimal256(value * Decimal256(Decimal256::GetScaleMultiplier(by)));
  }
  return WithoutZeros(value, -by);
}

}  // namespace

Result<DecimalCast> CastDecimal(const arrow::Array& array,
                                const std::shared_ptr<arrow::DataType>& to) {
  const auto& target = static_cast<const arrow::DecimalType&>(*to);
  const auto& values = static_cast<const arrow::FixedSizeBinaryArray&>(array);
  const int by = target.scale() - static_cast<const arrow::DecimalType&>(*array.type()).scale();
  const auto width = static_cast<size_t>(target.byte_width());
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(target.byte_width()));
  ARROW_RETURN_NOT_OK(builder.Reserve(array.length()));
  for (int64_t row = 0; row < array.length(); ++row) {
    if (array.IsNull(row)) {
      builder.UnsafeAppendNull();
      continue;
    }
    const auto scaled = Scaled(Widened(values.GetView(row)), by);
    if (!scaled.has_value() || !scaled->FitsInPrecision(target.precision()))
      return DecimalCast{nullptr, row};
    const auto bytes = scaled->ToBytes();
    builder.UnsafeAppend(std::string_view(reinterpret_cast<const char*>(bytes.data()), width));
  }
  ARROW_ASSIGN_OR_RAISE(const auto made, builder.Finish());
  auto data = made->data()->Copy();
  data->type = to;
  return DecimalCast{arrow::MakeArray(data), std::nullopt};
}

}  // namespace ampload::encode
