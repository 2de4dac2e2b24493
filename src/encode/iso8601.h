// Dates, times, timestamps, durations and intervals as ISO 8601 / RFC 3339 text, and back.
//
//   date       2022-06-21                          years 0000 to 9999
//   time       02:28:20.000000                     6 digits for s, ms and us; 9 for ns
//   timestamp  2022-06-21T02:28:20.000000Z         Z for a column with a time zone: the instant in
//                                                  UTC; no Z without one
//   duration   PT86400S  PT-1.5S                   seconds alone, since days differ in length
//   interval   P14M  P1DT-0.25S  P1M-2DT3.5S       each part with its own sign; zero parts are left
//              P0M   PT0S                          out, a number of seconds has no trailing zeros
//
// A Put function writes at `at` and returns the end; the value is in the range that its Is function
// says. A Parse function reads exactly what Put writes for that unit; nullopt for anything else.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace ampload::encode {

inline constexpr int64_t kSecondsPerDay = 86400;
inline constexpr int64_t kMillisecondsPerDay = kSecondsPerDay * 1000;
inline constexpr int64_t kFirstDay = -719528;  // 0000-01-01, days from 1970-01-01
inline constexpr int64_t kLastDay = 2932896;   // 9999-12-31

inline constexpr int64_t kDateSize = 10;
inline constexpr int64_t kMaxSpanSize = 64;

constexpr int64_t UnitsPerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    case arrow::TimeUnit::NANO:
      break;
  }
  return 1'000'000'000;
}
constexpr int FractionDigits(arrow::TimeUnit::type unit) {
  return unit == arrow::TimeUnit::NANO ? 9 : 6;
}
constexpr int64_t TimeSize(arrow::TimeUnit::type unit) { return 9 + FractionDigits(unit); }
constexpr int64_t TimestampSize(arrow::TimeUnit::type unit, bool utc) {
  return kDateSize + 1 + TimeSize(unit) + utc;
}

constexpr bool IsDate(int64_t days) { return days >= kFirstDay && days <= kLastDay; }
constexpr bool IsTimeOfDay(int64_t value, arrow::TimeUnit::type unit) {
  return value >= 0 && value < kSecondsPerDay * UnitsPerSecond(unit);
}
// Every int64 of nanoseconds is one.
constexpr bool IsTimestamp(int64_t value, arrow::TimeUnit::type unit) {
  if (unit == arrow::TimeUnit::NANO) return true;
  const int64_t day = kSecondsPerDay * UnitsPerSecond(unit);
  return value >= kFirstDay * day && value < (kLastDay + 1) * day;
}

char* PutDate(char* at, int64_t days);
char* PutTimeOfDay(char* at, int64_t value, arrow::TimeUnit::type unit);
char* PutTimestamp(char* at, int64_t value, arrow::TimeUnit::type unit, bool utc);

// Up to kMaxSpanSize bytes.
char* PutDuration(char* at, int64_t value, arrow::TimeUnit::type unit);
char* PutMonths(char* at, int32_t months);
char* PutDayTime(char* at, int32_t days, int32_t milliseconds);
char* PutMonthDayNano(char* at, int32_t months, int32_t days, int64_t nanoseconds);

std::optional<int64_t> ParseDate(std::string_view text);
std::optional<int64_t> ParseTimeOfDay(std::string_view text, arrow::TimeUnit::type unit);
std::optional<int64_t> ParseTimestamp(std::string_view text, arrow::TimeUnit::type unit, bool utc);
std::optional<int64_t> ParseDuration(std::string_view text, arrow::TimeUnit::type unit);
std::optional<int32_t> ParseMonths(std::string_view text);

struct DayTime {
  int32_t days = 0;
  int32_t milliseconds = 0;
};
std::optional<DayTime> ParseDayTime(std::string_view text);

struct MonthDayNano {
  int32_t months = 0;
  int32_t days = 0;
  int64_t nanoseconds = 0;
};
std::optional<MonthDayNano> ParseMonthDayNano(std::string_view text);

}  // namespace ampload::encode
