#include "source/file/where_literal.h"

#include <arrow/buffer.h>
#include <arrow/type_traits.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/hex.h"
#include "source/file/exact_number.h"
#include "source/file/time_literal.h"

namespace ampload::source {
namespace {

using arrow::DataType;
using arrow::Type;
using ScalarPtr = std::shared_ptr<arrow::Scalar>;
using TypePtr = std::shared_ptr<DataType>;

Status Wrong(std::string_view what, const DataType& type) {
  return ConfigurationError(fmt::format("{}: type={}", what, type.ToString()));
}

Status OutOfRange(const DataType& type) {
  return Wrong("the literal is outside of the column's range", type);
}

Result<ExactNumber> ToNumber(const Token& literal, const DataType& type) {
  if (literal.kind != TokenKind::kNumber) {
    return Wrong("this column is compared with a number, written without quotes", type);
  }
  auto number = ExactNumber::Parse(literal.text);
  if (!number.has_value()) return OutOfRange(type);
  return *std::move(number);
}

template <class Value>
Result<ScalarPtr> ConvertInteger(const Token& literal, const TypePtr& type) {
  ARROW_ASSIGN_OR_RAISE(const auto number, ToNumber(literal, *type));
  const auto digits = number.Scaled(0, 20);
  if (!digits.has_value()) return Wrong("this column is compared with a whole number", *type);
  const std::string text = (number.negative ? "-" : "") + *digits;
  Value value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (digits->empty() || error != std::errc() || end != text.data() + text.size()) {
    return OutOfRange(*type);
  }
  return arrow::MakeScalar(type, value);
}

// "12", "-3": where the text has neither a point nor an exponent.
bool IsPlainInteger(std::string_view text) {
  return text.find_first_of(".eE") == std::string_view::npos;
}

template <class Float>
Result<Float> ParseFloat(const Token& literal, const DataType& type) {
  ARROW_ASSIGN_OR_RAISE(const auto number, ToNumber(literal, type));
  std::string_view text = literal.text;
  if (text.starts_with('+')) text.remove_prefix(1);
  Float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return OutOfRange(type);
  }
  if (value == 0 && !number.digits.empty()) return OutOfRange(type);
  return value;
}

Status CheckWhole(const Token& literal, double value, const DataType& type) {
  if (!IsPlainInteger(literal.text)) return Status::OK();
  const auto number = ExactNumber::Parse(literal.text);
  if (number->Scaled(0, 400) == fmt::format("{:.0f}", std::fabs(value))) return Status::OK();
  return Wrong(fmt::format("the column cannot hold this whole number exactly; the nearest value "
                           "is {:.0f}",
                           value),
               type);
}

Result<ScalarPtr> ConvertFloating(const Token& literal, const TypePtr& type) {
  switch (type->id()) {
    case Type::DOUBLE: {
      ARROW_ASSIGN_OR_RAISE(const double value, ParseFloat<double>(literal, *type));
      ARROW_RETURN_NOT_OK(CheckWhole(literal, value, *type));
      return arrow::MakeScalar(value);
    }
    case Type::FLOAT: {
      ARROW_ASSIGN_OR_RAISE(const float value, ParseFloat<float>(literal, *type));
      ARROW_RETURN_NOT_OK(CheckWhole(literal, static_cast<double>(value), *type));
      return arrow::MakeScalar(value);
    }
    default: {
      ARROW_ASSIGN_OR_RAISE(const double exact, ParseFloat<double>(literal, *type));
      const auto half = arrow::util::Float16::FromDouble(exact);
      if (!half.is_finite() || (half.is_zero() && exact != 0)) return OutOfRange(*type);
      ARROW_RETURN_NOT_OK(CheckWhole(literal, half.ToDouble(), *type));
      return std::make_shared<arrow::HalfFloatScalar>(half.bits());
    }
  }
}

template <class DecimalTypeClass>
Result<ScalarPtr> ConvertDecimal(const Token& literal, const TypePtr& type) {
  using Value = typename arrow::TypeTraits<DecimalTypeClass>::CType;
  const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
  ARROW_ASSIGN_OR_RAISE(const auto number, ToNumber(literal, *type));
  const auto digits = number.Scaled(decimal.scale(), static_cast<size_t>(decimal.precision()));
  if (!digits.has_value()) {
    return Wrong("the literal has more digits after the point than the column", *type);
  }
  if (digits->empty()) return OutOfRange(*type);
  ARROW_ASSIGN_OR_RAISE(const Value value,
                        Value::FromString((number.negative ? "-" : "") + *digits));
  if (!value.FitsInPrecision(decimal.precision())) return OutOfRange(*type);
  return std::make_shared<typename arrow::TypeTraits<DecimalTypeClass>::ScalarType>(value, type);
}

Result<ScalarPtr> ConvertBool(const Token& literal, const TypePtr& type) {
  std::string word = literal.kind == TokenKind::kName ? literal.text : "";
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (word != "true" && word != "false") {
    return Wrong("this column is compared with true or false", *type);
  }
  return arrow::MakeScalar(word == "true");
}

Result<ScalarPtr> ConvertText(const Token& literal, const TypePtr& type) {
  if (literal.kind != TokenKind::kText) {
    return Wrong("this column is compared with 'text' in single quotes", *type);
  }
  return arrow::MakeScalar(type, arrow::Buffer::FromString(literal.text));
}

Result<ScalarPtr> ConvertBinary(const Token& literal, const TypePtr& type) {
  if (literal.kind != TokenKind::kHex) return Wrong("this column is compared with 0x hex", *type);
  if (literal.text.size() % 2 != 0) return Wrong("an odd number of hex digits", *type);
  ARROW_ASSIGN_OR_RAISE(auto bytes, base::FromHex(literal.text));
  if (type->id() == Type::FIXED_SIZE_BINARY) {
    const auto width =
        static_cast<size_t>(static_cast<const arrow::FixedSizeBinaryType&>(*type).byte_width());
    if (bytes.size() != width) {
      return Wrong(fmt::format("the column takes {} hex digits, the literal has {}", 2 * width,
                               literal.text.size()),
                   *type);
    }
  }
  return arrow::MakeScalar(type, arrow::Buffer::FromString(std::move(bytes)));
}

int64_t NanosecondsOf(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1'000'000'000;
    case arrow::TimeUnit::MILLI:
      return 1'000'000;
    case arrow::TimeUnit::MICRO:
      return 1'000;
    case arrow::TimeUnit::NANO:
      return 1;
  }
  return 1;
}

Result<ScalarPtr> ConvertTimestamp(const Token& literal, const TypePtr& type) {
  const auto& timestamp = static_cast<const arrow::TimestampType&>(*type);
  const bool zoned = !timestamp.timezone().empty();
  const auto parsed = literal.kind == TokenKind::kText ? ParseTimestamp(literal.text)
                                                       : std::optional<ParsedTimestamp>();
  if (!parsed.has_value()) {
    return Wrong(fmt::format("this column is compared with a time such as '2024-01-31T23:59:59{}'",
                             zoned ? "Z" : ""),
                 *type);
  }
  if (parsed->has_zone != zoned) {
    return Wrong(zoned ? "the column has a time zone: end the literal with Z or an offset +hh:mm"
                       : "the column has no time zone: write the literal without one",
                 *type);
  }
  const int64_t unit = NanosecondsOf(timestamp.unit());
  if (parsed->nanoseconds % unit != 0) {
    return Wrong("the literal is finer than the column's unit", *type);
  }
  // Below 1970 from the second above, so that the very lowest values do not overflow half way.
  const bool below = parsed->seconds < 0;
  const int64_t a_second = 1'000'000'000 / unit;
  const int64_t rest = parsed->nanoseconds / unit - (below ? a_second : 0);
  int64_t value = 0;
  if (__builtin_mul_overflow(parsed->seconds + (below ? 1 : 0), a_second, &value) ||
      __builtin_add_overflow(value, rest, &value)) {
    return OutOfRange(*type);
  }
  return std::make_shared<arrow::TimestampScalar>(value, type);
}

Result<ScalarPtr> ConvertDate(const Token& literal, const TypePtr& type) {
  const auto days =
      literal.kind == TokenKind::kText ? ParseDate(literal.text) : std::optional<int64_t>();
  if (!days.has_value()) {
    return Wrong("this column is compared with a date such as '2024-01-31'", *type);
  }
  if (type->id() == Type::DATE64) {
    return std::make_shared<arrow::Date64Scalar>(*days * 86'400'000);
  }
  return std::make_shared<arrow::Date32Scalar>(static_cast<int32_t>(*days));
}

Result<ScalarPtr> ConvertTime(const Token& literal, const TypePtr& type) {
  const auto nanoseconds =
      literal.kind == TokenKind::kText ? ParseTimeOfDay(literal.text) : std::optional<int64_t>();
  if (!nanoseconds.has_value()) {
    return Wrong("this column is compared with a time such as '23:59:59'", *type);
  }
  const int64_t unit = NanosecondsOf(static_cast<const arrow::TimeType&>(*type).unit());
  if (*nanoseconds % unit != 0) {
    return Wrong("the literal is finer than the column's unit", *type);
  }
  const int64_t value = *nanoseconds / unit;
  if (type->id() == Type::TIME64) return std::make_shared<arrow::Time64Scalar>(value, type);
  return std::make_shared<arrow::Time32Scalar>(static_cast<int32_t>(value), type);
}

}  // namespace

Result<ScalarPtr> ConvertLiteral(const Token& literal, const TypePtr& type) {
  switch (type->id()) {
    case Type::BOOL:
      return ConvertBool(literal, type);
    case Type::INT8:
      return ConvertInteger<int8_t>(literal, type);
    case Type::INT16:
      return ConvertInteger<int16_t>(literal, type);
    case Type::INT32:
      return ConvertInteger<int32_t>(literal, type);
    case Type::INT64:
      return ConvertInteger<int64_t>(literal, type);
    case Type::UINT8:
      return ConvertInteger<uint8_t>(literal, type);
    case Type::UINT16:
      return ConvertInteger<uint16_t>(literal, type);
    case Type::UINT32:
      return ConvertInteger<uint32_t>(literal, type);
    case Type::UINT64:
      return ConvertInteger<uint64_t>(literal, type);
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
      return ConvertFloating(literal, type);
    case Type::DECIMAL32:
      return ConvertDecimal<arrow::Decimal32Type>(literal, type);
    case Type::DECIMAL64:
      return ConvertDecimal<arrow::Decimal64Type>(literal, type);
    case Type::DECIMAL128:
      return ConvertDecimal<arrow::Decimal128Type>(literal, type);
    case Type::DECIMAL256:
      return ConvertDecimal<arrow::Decimal256Type>(literal, type);
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return ConvertText(literal, type);
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return ConvertBinary(literal, type);
    case Type::TIMESTAMP:
      return ConvertTimestamp(literal, type);
    case Type::DATE32:
    case Type::DATE64:
      return ConvertDate(literal, type);
    case Type::TIME32:
    case Type::TIME64:
      return ConvertTime(literal, type);
    default:
      return Wrong("columns of this type can only be asked `is null` or `is not null`", *type);
  }
}

}  // namespace ampload::source
