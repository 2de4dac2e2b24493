#include "cli/moment_text.h"

#include <arrow/type.h>
#include <fmt/format.h>

namespace ampload::cli {
namespace {

constexpr int64_t kSecondsPerDay = 86400;

struct Unit {
  int64_t per_second;
  int digits;
};

Unit UnitOf(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return {1, 0};
    case arrow::TimeUnit::MILLI:
      return {1000, 3};
    case arrow::TimeUnit::MICRO:
      return {1000000, 6};
    case arrow::TimeUnit::NANO:
      break;
  }
  return {1000000000, 9};
}

int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

std::string ClockText(int64_t second_of_day, int64_t fraction, int digits) {
  std::string text = fmt::format("{:02}:{:02}:{:02}", second_of_day / 3600, second_of_day / 60 % 60,
                                 second_of_day % 60);
  if (fraction != 0) text += fmt::format(".{:0{}}", fraction, digits);
  return text;
}

}  // namespace

// Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
std::string DateText(int64_t days_since_1970) {
  const int64_t days = days_since_1970 + 719468;
  const int64_t era = FloorDivide(days, 146097);
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return fmt::format("{}{:04}-{:02}-{:02}", year < 0 ? "-" : "", year < 0 ? -year : year, month,
                     day);
}

std::string TimeText(int64_t since_midnight, arrow::TimeUnit::type time_unit) {
  const Unit unit = UnitOf(time_unit);
  return ClockText(FloorDivide(since_midnight, unit.per_second), since_midnight % unit.per_second,
                   unit.digits);
}

std::string TimestampText(int64_t since_1970, arrow::TimeUnit::type time_unit, bool utc) {
  const Unit unit = UnitOf(time_unit);
  const int64_t seconds = FloorDivide(since_1970, unit.per_second);
  const int64_t days = FloorDivide(seconds, kSecondsPerDay);
  // Remainders as value - floor * unit would overflow next to the smallest int64.
  const int64_t fraction = (since_1970 % unit.per_second + unit.per_second) % unit.per_second;
  const int64_t second_of_day = (seconds % kSecondsPerDay + kSecondsPerDay) % kSecondsPerDay;
  return DateText(days) + "T" + ClockText(second_of_day, fraction, unit.digits) + (utc ? "Z" : "");
}

}  // namespace ampload::cli
