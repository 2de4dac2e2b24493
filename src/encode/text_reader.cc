// Everything that is a str or a bin: strings, binaries, decimals and temporal types.
#include <arrow/builder.h>
#include <arrow/util/utf8.h>

#include "encode/decimal_digits.h"
#include "encode/iso8601.h"
#include "encode/value_reader.h"

namespace ampload::encode {
namespace {

using Kind = MsgpackReader::Kind;
using Token = MsgpackReader::Token;

template <class Builder>
class BytesReader final : public ValueReader {
 public:
  BytesReader(arrow::ArrayBuilder& builder, std::string path, Kind kind)
      : ValueReader(std::move(path)), builder_(static_cast<Builder&>(builder)), kind_(kind) {}
  Status AppendNull() override { return builder_.AppendNull(); }

 private:
  Status ReadValue(const Token& token, MsgpackReader&) override {
    if (token.kind != kind_) return Refuse(kind_ == Kind::kStr ? "not a string" : "not a binary");
    if (kind_ == Kind::kStr && !arrow::util::ValidateUTF8(token.bytes)) {
      return Refuse("the string is not UTF-8");
    }
    if constexpr (std::is_same_v<Builder, arrow::FixedSizeBinaryBuilder>) {
      if (token.bytes.size() != static_cast<size_t>(builder_.byte_width())) {
        return Refuse("the binary has another length than the column");
      }
    }
    return builder_.Append(token.bytes);
  }

  Builder& builder_;
  Kind kind_;
};

// A text that `parse` turns into a value for the builder; nullopt is refused.
template <class Builder, class Parse>
class ParsedReader final : public ValueReader {
 public:
  ParsedReader(arrow::ArrayBuilder& builder, std::string path, Parse parse, const char* refusal)
      : ValueReader(std::move(path)),
        builder_(static_cast<Builder&>(builder)),
        parse_(std::move(parse)),
        refusal_(refusal) {}
  Status AppendNull() override { return builder_.AppendNull(); }

 private:
  Status ReadValue(const Token& token, MsgpackReader&) override {
    if (token.kind != Kind::kStr) return Refuse("not a string");
    const auto value = parse_(token.bytes);
    return value ? builder_.Append(*value) : Refuse(refusal_);
  }

  Builder& builder_;
  Parse parse_;
  const char* refusal_;
};

template <class T>
std::optional<T> Cast(const std::optional<int64_t>& value) {
  if (!value) return std::nullopt;
  return static_cast<T>(*value);
}

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

std::unique_ptr<ValueReader> MakeTextReader(const arrow::DataType& type,
                                            arrow::ArrayBuilder& builder, std::string path) {
  using arrow::Type;
  const auto bytes = [&]<class Builder>(std::type_identity<Builder>, Kind kind) {
    return std::make_unique<BytesReader<Builder>>(builder, std::move(path), kind);
  };
  const auto parsed = [&]<class Builder, class Parse>(std::type_identity<Builder>, Parse parse,
                                                      const char* refusal) {
    return std::make_unique<ParsedReader<Builder, Parse>>(builder, std::move(path), parse, refusal);
  };
  const auto decimal = [&]<class Builder, class Decimal>(std::type_identity<Builder> b,
                                                         std::type_identity<Decimal>) {
    const auto& decimal_type = static_cast<const arrow::DecimalType&>(type);
    const auto parse = [precision = decimal_type.precision(),
                        scale = decimal_type.scale()](std::string_view text) {
      const auto value = ParseDecimalText(text, scale);
      return value ? Narrow<Decimal>(*value, precision) : std::nullopt;
    };
    return parsed(b, parse, "not a decimal of the column's precision and scale");
  };
  constexpr const char* kDate = "not a date as YYYY-MM-DD";
  constexpr const char* kTime = "not a time as the column's type has it";
  constexpr const char* kTimestamp = "not a timestamp as the column's type has it";
  constexpr const char* kSpan = "not an ISO 8601 duration as the column's type has it";
  switch (type.id()) {
    case Type::STRING:
      return bytes(std::type_identity<arrow::StringBuilder>{}, Kind::kStr);
    case Type::LARGE_STRING:
      return bytes(std::type_identity<arrow::LargeStringBuilder>{}, Kind::kStr);
    case Type::STRING_VIEW:
      return bytes(std::type_identity<arrow::StringViewBuilder>{}, Kind::kStr);
    case Type::BINARY:
      return bytes(std::type_identity<arrow::BinaryBuilder>{}, Kind::kBin);
    case Type::LARGE_BINARY:
      return bytes(std::type_identity<arrow::LargeBinaryBuilder>{}, Kind::kBin);
    case Type::BINARY_VIEW:
      return bytes(std::type_identity<arrow::BinaryViewBuilder>{}, Kind::kBin);
    case Type::FIXED_SIZE_BINARY:
      return bytes(std::type_identity<arrow::FixedSizeBinaryBuilder>{}, Kind::kBin);
    case Type::DECIMAL32:
      return decimal(std::type_identity<arrow::Decimal32Builder>{},
                     std::type_identity<arrow::Decimal32>{});
    case Type::DECIMAL64:
      return decimal(std::type_identity<arrow::Decimal64Builder>{},
                     std::type_identity<arrow::Decimal64>{});
    case Type::DECIMAL128:
      return decimal(std::type_identity<arrow::Decimal128Builder>{},
                     std::type_identity<arrow::Decimal128>{});
    case Type::DECIMAL256:
      return decimal(std::type_identity<arrow::Decimal256Builder>{},
                     std::type_identity<arrow::Decimal256>{});
    case Type::DATE32:
      return parsed(
          std::type_identity<arrow::Date32Builder>{},
          [](std::string_view text) { return Cast<int32_t>(ParseDate(text)); }, kDate);
    case Type::DATE64:
      return parsed(
          std::type_identity<arrow::Date64Builder>{},
          [](std::string_view text) {
            auto days = ParseDate(text);
            if (days) *days *= kMillisecondsPerDay;
            return days;
          },
          kDate);
    case Type::TIME32:
    case Type::TIME64: {
      const auto unit = static_cast<const arrow::TimeType&>(type).unit();
      const auto parse = [unit](std::string_view text) { return ParseTimeOfDay(text, unit); };
      if (type.id() == Type::TIME64) {
        return parsed(std::type_identity<arrow::Time64Builder>{}, parse, kTime);
      }
      return parsed(
          std::type_identity<arrow::Time32Builder>{},
          [parse](std::string_view text) { return Cast<int32_t>(parse(text)); }, kTime);
    }
    case Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      return parsed(
          std::type_identity<arrow::TimestampBuilder>{},
          [unit = timestamp.unit(), utc = !timestamp.timezone().empty()](std::string_view text) {
            return ParseTimestamp(text, unit, utc);
          },
          kTimestamp);
    }
    case Type::DURATION: {
      const auto unit = static_cast<const arrow::DurationType&>(type).unit();
      return parsed(
          std::type_identity<arrow::DurationBuilder>{},
          [unit](std::string_view text) { return ParseDuration(text, unit); }, kSpan);
    }
    case Type::INTERVAL_MONTHS:
      return parsed(std::type_identity<arrow::MonthIntervalBuilder>{}, &ParseMonths, kSpan);
    case Type::INTERVAL_DAY_TIME:
      return parsed(
          std::type_identity<arrow::DayTimeIntervalBuilder>{},
          [](std::string_view text) {
            using Value = arrow::DayTimeIntervalType::DayMilliseconds;
            const auto value = ParseDayTime(text);
            return value ? std::optional(Value{value->days, value->milliseconds}) : std::nullopt;
          },
          kSpan);
    default:
      return parsed(
          std::type_identity<arrow::MonthDayNanoIntervalBuilder>{},
          [](std::string_view text) {
            using Value = arrow::MonthDayNanoIntervalType::MonthDayNanos;
            const auto value = ParseMonthDayNano(text);
            return value ? std::optional(Value{value->months, value->days, value->nanoseconds})
                         : std::nullopt;
          },
          kSpan);
  }
}

}  // namespace ampload::encode
