#include "encode/iso8601.h"

#include <utility>

#include "encode/decimal_digits.h"

namespace ampload::encode {
namespace {

using arrow::TimeUnit;

constexpr int64_t kDaysPerEra = 146097;  // 400 years

struct Civil {
  uint32_t year, month, day;
};

// Howard Hinnant, "chrono-compatible low-level date algorithms", moved by one era so that all is
// unsigned.
Civil ToCivil(int64_t days) {
  const auto shifted = static_cast<uint32_t>(days + 719468 + kDaysPerEra);
  const uint32_t era = shifted / 146097;
  const uint32_t day_of_era = shifted % 146097;
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t month_from_march = (5 * day_of_year + 2) / 153;
  const uint32_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {year_of_era + era * 400 + (month <= 2) - 400, month, day};
}

char* PutNumber(char* at, int64_t value) {
  const auto [negative, magnitude] = SplitSign(value);
  if (negative) *at++ = '-';
  return PutDigits(at, magnitude, DigitCount(magnitude));
}

// A count of 10^-places seconds as "-1.5": no zeros at the end.
char* PutSeconds(char* at, int64_t value, int64_t per_second, int places) {
  auto [negative, magnitude] = SplitSign(value);
  if (negative) *at++ = '-';
  const uint64_t whole = magnitude / static_cast<uint64_t>(per_second);
  const uint64_t fraction = magnitude % static_cast<uint64_t>(per_second);
  at = PutDigits(at, whole, DigitCount(whole));
  if (fraction == 0) return at;
  *at++ = '.';
  at = PutDigits(at, fraction, places);
  while (at[-1] == '0') --at;
  return at;
}

int Places(TimeUnit::type unit) { return 3 * static_cast<int>(unit); }

}  // namespace

char* PutDate(char* at, int64_t days) {
  const Civil civil = ToCivil(days);
  at = PutDigits(at, uint64_t{civil.year}, 4);
  *at++ = '-';
  at = PutDigits(at, uint64_t{civil.month}, 2);
  *at++ = '-';
  return PutDigits(at, uint64_t{civil.day}, 2);
}

char* PutTimeOfDay(char* at, int64_t value, TimeUnit::type unit) {
  const int64_t per_second = UnitsPerSecond(unit);
  const auto seconds = static_cast<uint32_t>(value / per_second);
  auto fraction = static_cast<uint64_t>(value % per_second);
  if (unit == TimeUnit::MILLI) fraction *= 1000;
  at = PutDigits(at, uint64_t{seconds / 3600}, 2);
  *at++ = ':';
  at = PutDigits(at, uint64_t{seconds / 60 % 60}, 2);
  *at++ = ':';
  at = PutDigits(at, uint64_t{seconds % 60}, 2);
  *at++ = '.';
  return PutDigits(at, fraction, FractionDigits(unit));
}

char* PutTimestamp(char* at, int64_t value, TimeUnit::type unit, bool utc) {
  const int64_t per_day = kSecondsPerDay * UnitsPerSecond(unit);
  int64_t days = value / per_day;
  int64_t time = value % per_day;
  if (time < 0) {
    time += per_day;
    --days;
  }
  at = PutDate(at, days);
  *at++ = 'T';
  at = PutTimeOfDay(at, time, unit);
  if (utc) *at++ = 'Z';
  return at;
}

char* PutDuration(char* at, int64_t value, TimeUnit::type unit) {
  *at++ = 'P';
  *at++ = 'T';
  at = PutSeconds(at, value, UnitsPerSecond(unit), Places(unit));
  *at++ = 'S';
  return at;
}

char* PutMonths(char* at, int32_t months) {
  *at++ = 'P';
  at = PutNumber(at, months);
  *at++ = 'M';
  return at;
}

namespace {

char* PutParts(char* at, int32_t months, int32_t days, int64_t time, TimeUnit::type unit) {
  *at++ = 'P';
  if (months != 0) {
    at = PutNumber(at, months);
    *at++ = 'M';
  }
  if (days != 0) {
    at = PutNumber(at, days);
    *at++ = 'D';
  }
  if (time == 0 && (months != 0 || days != 0)) return at;
  *at++ = 'T';
  at = PutSeconds(at, time, UnitsPerSecond(unit), Places(unit));
  *at++ = 'S';
  return at;
}

}  // namespace

char* PutDayTime(char* at, int32_t days, int32_t milliseconds) {
  return PutParts(at, 0, days, milliseconds, TimeUnit::MILLI);
}

char* PutMonthDayNano(char* at, int32_t months, int32_t days, int64_t nanoseconds) {
  return PutParts(at, months, days, nanoseconds, TimeUnit::NANO);
}

}  // namespace ampload::encode
