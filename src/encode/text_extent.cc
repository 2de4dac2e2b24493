#include "encode/text_extent.h"

#include "encode/iso8601.h"
#include "encode/plain_column.h"

namespace ampload::encode {
namespace {

TextExtent Fixed(int64_t width) { return {width, true, "", false}; }
TextExtent Chars(std::string_view chars, bool sign = false) {
  return {std::nullopt, false, chars, sign};
}

}  // namespace

TextExtent ExtentOf(const arrow::DataType& type, BinaryText binaries) {
  using arrow::Type;
  const auto plain = PlainType(type.GetSharedPtr());
  const bool is_hex = binaries == BinaryText::kHex;
  switch (plain->id()) {
    case Type::BOOL:
      return {std::nullopt, true, "", false};
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
      return Chars("0123456789");
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
      return Chars("0123456789", true);
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return Chars("0123456789.", true);
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
      return Chars("0123456789.e+-infNa");
    case Type::DATE32:
    case Type::DATE64:
      return Fixed(kDateSize);
    case Type::TIME32:
    case Type::TIME64:
      return Fixed(TimeSize(static_cast<const arrow::TimeType&>(*plain).unit()));
    case Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(*plain);
      return Fixed(TimestampSize(timestamp.unit(), !timestamp.timezone().empty()));
    }
    case Type::DURATION:
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME:
    case Type::INTERVAL_MONTH_DAY_NANO:
      return Chars("0123456789.-PMDTS");
    case Type::FIXED_SIZE_BINARY: {
      const int64_t width = static_cast<const arrow::FixedSizeBinaryType&>(*plain).byte_width();
      return Fixed(is_hex ? 2 + 2 * width : width);
    }
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
      return Chars(is_hex ? "0123456789abcdefx" : "");
    default:
      return Chars("");
  }
}

}  // namespace ampload::encode
