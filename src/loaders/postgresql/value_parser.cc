#include "loaders/postgresql/value_parser.h"

#include <arrow/builder.h>
#include <arrow/util/decimal.h>

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>

namespace ampload::postgresql {
namespace {

using encode::pg::PgKind;
using encode::pg::PgType;

constexpr int32_t kDaysTo2000 = 10957;                  // from 1970-01-01
constexpr int64_t kMicrosTo2000 = 946'684'800'000'000;  // the same
constexpr int64_t kNanosPerMicro = 1000;

Status Damaged(const PgType& type) {
  return PermanentError("postgresql: the server sent bytes that are no value of the type: type=" +
                        type.name);
}

// Numbers at the beginning of `bytes_`, big-endian; once too short, ok() stays false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <std::integral T>
  T Take() {
    if (bytes_.size() < sizeof(T)) {
      ok_ = false;
      return 0;
    }
    std::make_unsigned_t<T> value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<std::make_unsigned_t<T>>((static_cast<uint64_t>(value) << 8) |
                                                   static_cast<uint8_t>(bytes_[i]));
    }
    bytes_.remove_prefix(sizeof(T));
    return static_cast<T>(value);
  }
  std::string_view TakeBytes(size_t count) {
    if (bytes_.size() < count) {
      ok_ = false;
      return {};
    }
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

template <class Builder, class Value>
Result<bool> Append(arrow::ArrayBuilder* builder, Value value) {
  ARROW_RETURN_NOT_OK(static_cast<Builder*>(builder)->Append(value));
  return true;
}

template <class T, class Builder>
Result<bool> AppendInteger(const PgType& type, std::string_view bytes,
                           arrow::ArrayBuilder* builder) {
  Reader in(bytes);
  const T value = in.Take<T>();
  if (!in.at_end()) return Damaged(type);
  return Append<Builder>(builder, value);
}

Result<bool> AppendFloat(const PgType& type, std::string_view bytes, arrow::ArrayBuilder* builder) {
  Reader in(bytes);
  const bool is_double = type.kind == PgKind::kFloat8;
  const auto wide = is_double ? in.Take<uint64_t>() : 0;
  const auto narrow = is_double ? 0 : in.Take<uint32_t>();
  if (!in.at_end()) return Damaged(type);
  if (is_double) return Append<arrow::DoubleBuilder>(builder, std::bit_cast<double>(wide));
  return Append<arrow::FloatBuilder>(builder, std::bit_cast<float>(narrow));
}

template <class Decimal, class Builder>
Result<bool> AppendDecimal(std::string_view text, arrow::ArrayBuilder* builder) {
  const auto& wanted = static_cast<const arrow::DecimalType&>(*builder->type());
  Decimal value;
  int32_t precision = 0;
  int32_t scale = 0;
  if (!Decimal::FromString(text, &value, &precision, &scale).ok()) return false;  // NaN
  const auto scaled = value.Rescale(scale, wanted.scale());
  if (!scaled.ok() || !scaled->FitsInPrecision(wanted.precision())) return false;
  return Append<Builder>(builder, *scaled);
}

Result<bool> AppendText(std::string_view text, arrow::ArrayBuilder* builder) {
  switch (builder->type()->id()) {
    case arrow::Type::DECIMAL128:
      return AppendDecimal<arrow::Decimal128, arrow::Decimal128Builder>(text, builder);
    case arrow::Type::DECIMAL256:
      return AppendDecimal<arrow::Decimal256, arrow::Decimal256Builder>(text, builder);
    case arrow::Type::STRING:
      return Append<arrow::StringBuilder>(builder, text);
    default:
      return false;
  }
}

Result<bool> AppendBytes(const PgType& type, std::string_view bytes, arrow::ArrayBuilder* builder) {
  if (builder->type()->id() == arrow::Type::FIXED_SIZE_BINARY) {
    auto* fixed = static_cast<arrow::FixedSizeBinaryBuilder*>(builder);
    if (bytes.size() != static_cast<size_t>(fixed->byte_width())) return Damaged(type);
    return Append<arrow::FixedSizeBinaryBuilder>(builder, bytes);
  }
  if (builder->type()->id() != arrow::Type::BINARY) return false;
  return Append<arrow::BinaryBuilder>(builder, bytes);
}

Result<bool> AppendDate(const PgType& type, std::string_view bytes, arrow::ArrayBuilder* builder) {
  Reader in(bytes);
  const auto days = in.Take<int32_t>();
  if (!in.at_end()) return Damaged(type);
  const bool infinite =
      days == std::numeric_limits<int32_t>::max() || days == std::numeric_limits<int32_t>::min();
  if (infinite || days > std::numeric_limits<int32_t>::max() - kDaysTo2000) return false;
  return Append<arrow::Date32Builder>(builder, days + kDaysTo2000);
}

Result<bool> AppendTimestamp(const PgType& type, std::string_view bytes,
                             arrow::ArrayBuilder* builder) {
  Reader in(bytes);
  const auto micros = in.Take<int64_t>();
  if (!in.at_end()) return Damaged(type);
  const bool infinite = micros == std::numeric_limits<int64_t>::max() ||
                        micros == std::numeric_limits<int64_t>::min();
  if (infinite || micros > std::numeric_limits<int64_t>::max() - kMicrosTo2000) return false;
  return Append<arrow::TimestampBuilder>(builder, micros + kMicrosTo2000);
}

Result<bool> AppendInterval(const PgType& type, std::string_view bytes,
                            arrow::ArrayBuilder* builder) {
  Reader in(bytes);
  const auto micros = in.Take<int64_t>();
  const auto days = in.Take<int32_t>();
  const auto months = in.Take<int32_t>();
  if (!in.at_end()) return Damaged(type);
  const bool fits = micros <= std::numeric_limits<int64_t>::max() / kNanosPerMicro &&
                    micros >= std::numeric_limits<int64_t>::min() / kNanosPerMicro;
  if (!fits || builder->type()->id() != arrow::Type::INTERVAL_MONTH_DAY_NANO) return false;
  return Append<arrow::MonthDayNanoIntervalBuilder>(
      builder,
      arrow::MonthDayNanoIntervalType::MonthDayNanos{months, days, micros * kNanosPerMicro});
}

// ndim, flags, element type, for each dimension length and lower bound, then each element behind
// its length; -1: null.
Result<bool> AppendArray(const PgType& type, std::string_view bytes, arrow::ArrayBuilder* builder) {
  auto* list = static_cast<arrow::ListBuilder*>(builder);
  auto* values = list->value_builder();
  Reader in(bytes);
  const auto dimensions = in.Take<int32_t>();
  in.Take<int32_t>();
  in.Take<uint32_t>();
  if (dimensions > 1) return false;
  const auto length = dimensions == 1 ? in.Take<int32_t>() : 0;
  const auto lower_bound = dimensions == 1 ? in.Take<int32_t>() : 1;
  if (!in.ok() || dimensions < 0 || length < 0) return Damaged(type);
  if (lower_bound != 1) return false;
  ARROW_RETURN_NOT_OK(list->Append());
  for (int32_t i = 0; i < length; ++i) {
    const auto size = in.Take<int32_t>();
    const auto element = size < 0 ? std::string_view() : in.TakeBytes(static_cast<size_t>(size));
    if (!in.ok()) return Damaged(type);
    if (size < 0) {
      ARROW_RETURN_NOT_OK(values->AppendNull());
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const bool fits, AppendValue(*type.element, element, values));
    if (!fits) return false;
  }
  if (!in.at_end()) return Damaged(type);
  return true;
}

}  // namespace

bool IsReadAsText(const PgType& type) {
  switch (type.kind) {
    case PgKind::kNumeric:
    case PgKind::kText:
    case PgKind::kJson:
    case PgKind::kJsonb:
    case PgKind::kOther:
      return true;
    default:
      return false;
  }
}

Result<bool> AppendValue(const PgType& type, std::string_view bytes, arrow::ArrayBuilder* builder) {
  switch (type.kind) {
    case PgKind::kBool:
      if (bytes.size() != 1) return Damaged(type);
      return Append<arrow::BooleanBuilder>(builder, bytes[0] != 0);
    case PgKind::kInt2:
      return AppendInteger<int16_t, arrow::Int16Builder>(type, bytes, builder);
    case PgKind::kInt4:
      return AppendInteger<int32_t, arrow::Int32Builder>(type, bytes, builder);
    case PgKind::kInt8:
      return AppendInteger<int64_t, arrow::Int64Builder>(type, bytes, builder);
    case PgKind::kFloat4:
    case PgKind::kFloat8:
      return AppendFloat(type, bytes, builder);
    case PgKind::kBytea:
    case PgKind::kUuid:
      return AppendBytes(type, bytes, builder);
    case PgKind::kDate:
      return AppendDate(type, bytes, builder);
    case PgKind::kTime:
      return AppendInteger<int64_t, arrow::Time64Builder>(type, bytes, builder);
    case PgKind::kTimestamp:
    case PgKind::kTimestampTz:
      return AppendTimestamp(type, bytes, builder);
    case PgKind::kInterval:
      return AppendInterval(type, bytes, builder);
    case PgKind::kArray:
      return AppendArray(type, bytes, builder);
    case PgKind::kNumeric:
    case PgKind::kText:
    case PgKind::kJson:
    case PgKind::kJsonb:
    case PgKind::kOther:
      break;
  }
  return AppendText(bytes, builder);
}

}  // namespace ampload::postgresql
