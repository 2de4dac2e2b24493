// Decimals from plain digits.
#include <arrow/builder.h>

#include <optional>

#include "encode/decimal_digits.h"
#include "encode/parsed_reader.h"

namespace ampload::encode {
namespace {

template <class Decimal>
std::optional<Decimal> Narrow(const arrow::Decimal256& value, int32_t precision) {
  if (!value.FitsInPrecision(precision)) return std::nullopt;
  const auto limbs = value.little_endian_array();
  if constexpr (std::is_same_v<Decimal, arrow::Decimal256>) {
    return value;
  } else if constexpr (std::is_same_v<Decimal, arrow::Decimal128>) {
    return arrow::Decimal128(static_cast<int64_t>(limbs[1]), limbs[0]);
  } else if constexpr (std::is_same_v<Decimal, arrow::Decimal64>) {
    return arrow::Decimal64(static_cast<int64_t>(limbs[0]));
  } else {
    return arrow::Decimal32(static_cast<int32_t>(limbs[0]));
  }
}

}  // namespace

std::unique_ptr<ValueReader> MakeDecimalReader(const arrow::DataType& type,
                                               arrow::ArrayBuilder& builder, std::string path) {
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  const auto make = [&]<class Builder, class Decimal>(std::type_identity<Builder> into,
                                                      std::type_identity<Decimal>) {
    const auto parse = [precision = decimal.precision(),
                        scale = decimal.scale()](std::string_view text) {
      const auto value = ParseDecimalText(text, scale);
      return value ? Narrow<Decimal>(*value, precision) : std::nullopt;
    };
    return MakeParsedReader(into, builder, std::move(path), parse,
                            "not a decimal of the column's precision and scale");
  };
  switch (type.id()) {
    case arrow::Type::DECIMAL32:
      return make(std::type_identity<arrow::Decimal32Builder>{},
                  std::type_identity<arrow::Decimal32>{});
    case arrow::Type::DECIMAL64:
      return make(std::type_identity<arrow::Decimal64Builder>{},
                  std::type_identity<arrow::Decimal64>{});
    case arrow::Type::DECIMAL128:
      return make(std::type_identity<arrow::Decimal128Builder>{},
                  std::type_identity<arrow::Decimal128>{});
    default:
      return make(std::type_identity<arrow::Decimal256Builder>{},
                  std::type_identity<arrow::Decimal256>{});
  }
}

}  // namespace ampload::encode
