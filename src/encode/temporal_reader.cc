// Dates, times, timestamps, durations and intervals from ISO 8601 texts.
#include <arrow/builder.h>

#include <optional>

#include "encode/iso8601.h"
#include "encode/parsed_reader.h"

namespace ampload::encode {
namespace {

template <class T>
std::optional<T> Cast(const std::optional<int64_t>& value) {
  if (!value) return std::nullopt;
  return static_cast<T>(*value);
}

}  // namespace

std::unique_ptr<ValueReader> MakeTemporalReader(const arrow::DataType& type,
                                                arrow::ArrayBuilder& builder, std::string path) {
  using arrow::Type;
  const auto parsed = [&](auto into, auto parse, const char* refusal) {
    return MakeParsedReader(into, builder, std::move(path), parse, refusal);
  };
  constexpr const char* kDate = "not a date as YYYY-MM-DD";
  constexpr const char* kTime = "not a time as the column's type has it";
  switch (type.id()) {
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
    default: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      return parsed(
          std::type_identity<arrow::TimestampBuilder>{},
          [unit = timestamp.unit(), utc = !timestamp.timezone().empty()](std::string_view text) {
            return ParseTimestamp(text, unit, utc);
          },
          "not a timestamp as the column's type has it");
    }
  }
}

std::unique_ptr<ValueReader> MakeSpanReader(const arrow::DataType& type,
                                            arrow::ArrayBuilder& builder, std::string path) {
  using arrow::Type;
  const auto parsed = [&](auto into, auto parse, const char* refusal) {
    return MakeParsedReader(into, builder, std::move(path), parse, refusal);
  };
  constexpr const char* kSpan = "not an ISO 8601 duration as the column's type has it";
  switch (type.id()) {
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
