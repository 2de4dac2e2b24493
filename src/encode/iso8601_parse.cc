// The inverse of iso8601.cc.
#include <chrono>
#include <limits>

#include "encode/decimal_digits.h"
#include "encode/iso8601.h"

namespace ampload::encode {
namespace {

using arrow::TimeUnit;

// Eats a text from its front; the first thing that does not fit makes it bad for good.
class Eater {
 public:
  explicit Eater(std::string_view text) : rest_(text) {}

  void Literal(char c) {
    if (!Skip(c)) bad_ = true;
  }
  bool Skip(char c) {
    if (bad_ || !rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `count` digits, at most 18.
  int64_t Digits(size_t count) {
    if (bad_ || rest_.size() < count) return Bad();
    int64_t value = 0;
    for (char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return Bad();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  // A number with an optional '-' and up to `places` digits behind a point, times 10^places.
  int64_t Number(int places) {
    const bool negative = Skip('-');
    Uint128 value = 0;
    size_t digits = DigitRun();
    if (digits == 0 || digits > 19) return Bad();
    for (size_t i = 0; i < digits; ++i) value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
    rest_.remove_prefix(digits);
    size_t behind = 0;
    if (places > 0 && Skip('.')) {
      behind = DigitRun();
      if (behind == 0 || behind > static_cast<size_t>(places)) return Bad();
      for (size_t i = 0; i < behind; ++i) {
        value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
      }
      rest_.remove_prefix(behind);
    }
    for (; behind < static_cast<size_t>(places); ++behind) value *= 10;
    const Uint128 limit = Uint128{1} << 63;
    if (value > limit || (value == limit && !negative)) return Bad();
    const auto bits = static_cast<uint64_t>(value);
    return static_cast<int64_t>(negative ? 0 - bits : bits);
  }
  // The same, within 32 bits.
  int32_t Number32(int places) {
    const int64_t value = Number(places);
    if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max())
      return static_cast<int32_t>(Bad());
    return static_cast<int32_t>(value);
  }

  int64_t Bad() {
    bad_ = true;
    return 0;
  }
  bool all_eaten() const { return !bad_ && rest_.empty(); }

 private:
  size_t DigitRun() const {
    if (bad_) return 0;
    const size_t end = rest_.find_first_not_of("0123456789");
    return end == std::string_view::npos ? rest_.size() : end;
  }

  std::string_view rest_;
  bool bad_ = false;
};

int64_t EatDate(Eater& eater) {
  const int64_t year = eater.Digits(4);
  eater.Literal('-');
  const int64_t month = eater.Digits(2);
  eater.Literal('-');
  const int64_t day = eater.Digits(2);
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return eater.Bad();
  return std::chrono::sys_days(date).time_since_epoch().count();
}

int64_t EatTime(Eater& eater, TimeUnit::type unit) {
  const int64_t hour = eater.Digits(2);
  eater.Literal(':');
  const int64_t minute = eater.Digits(2);
  eater.Literal(':');
  const int64_t second = eater.Digits(2);
  eater.Literal('.');
  const int64_t fraction = eater.Digits(static_cast<size_t>(FractionDigits(unit)));
  if (hour > 23 || minute > 59 || second > 59) return eater.Bad();
  const int64_t per_unit =
      (unit == TimeUnit::NANO ? 1'000'000'000 : 1'000'000) / UnitsPerSecond(unit);
  if (fraction % per_unit != 0) return eater.Bad();
  return ((hour * 60 + minute) * 60 + second) * UnitsPerSecond(unit) + fraction / per_unit;
}

template <class T>
std::optional<T> Whole(const Eater& eater, T value) {
  return eater.all_eaten() ? std::optional<T>(value) : std::nullopt;
}

// A text that holds the right numbers in another form ("PT1.50S", "P0DT1S") is not ours: what was
// read is written again and compared.
template <class T, class Put>
std::optional<T> IfWrittenAs(std::string_view text, std::optional<T> value, Put&& put) {
  char again[kMaxSpanSize];
  if (!value || std::string_view(again, put(again)) != text) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> ParseDate(std::string_view text) {
  Eater eater(text);
  const int64_t days = EatDate(eater);
  return Whole(eater, days);
}

std::optional<int64_t> ParseTimeOfDay(std::string_view text, TimeUnit::type unit) {
  Eater eater(text);
  const int64_t time = EatTime(eater, unit);
  return Whole(eater, time);
}

std::optional<int64_t> ParseTimestamp(std::string_view text, TimeUnit::type unit, bool utc) {
  Eater eater(text);
  const int64_t days = EatDate(eater);
  eater.Literal('T');
  const int64_t time = EatTime(eater, unit);
  if (utc) eater.Literal('Z');
  int64_t value = 0;
  // Nanoseconds reach from 1677 to 2262 only; the first day is not a whole one.
  const int64_t per_day = kSecondsPerDay * UnitsPerSecond(unit);
  const bool before = days < 0 && time > 0;
  if (__builtin_mul_overflow(before ? days + 1 : days, per_day, &value) ||
      __builtin_add_overflow(value, before ? time - per_day : time, &value)) {
    return std::nullopt;
  }
  return Whole(eater, value);
}

std::optional<int64_t> ParseDuration(std::string_view text, TimeUnit::type unit) {
  Eater eater(text);
  eater.Literal('P');
  eater.Literal('T');
  const int64_t value = eater.Number(3 * static_cast<int>(unit));
  eater.Literal('S');
  return IfWrittenAs(text, Whole(eater, value),
                     [&](char* at) { return PutDuration(at, value, unit); });
}

std::optional<int32_t> ParseMonths(std::string_view text) {
  Eater eater(text);
  eater.Literal('P');
  const int32_t months = eater.Number32(0);
  eater.Literal('M');
  return IfWrittenAs(text, Whole(eater, months), [&](char* at) { return PutMonths(at, months); });
}

namespace {

// Where the next number ends is where its letter is looked for.
std::string_view EatPart(std::string_view* text, char letter) {
  const size_t end = text->find_first_not_of("-0123456789.");
  if (end == std::string_view::npos || (*text)[end] != letter) return {};
  const std::string_view part = text->substr(0, end);
  text->remove_prefix(end + 1);
  return part;
}

}  // namespace

std::optional<DayTime> ParseDayTime(std::string_view text) {
  const auto parts = ParseMonthDayNano(text);
  if (!parts || parts->months != 0 || parts->nanoseconds % 1'000'000 != 0) return std::nullopt;
  const int64_t milliseconds = parts->nanoseconds / 1'000'000;
  if (milliseconds != static_cast<int32_t>(milliseconds)) return std::nullopt;
  return DayTime{parts->days, static_cast<int32_t>(milliseconds)};
}

std::optional<MonthDayNano> ParseMonthDayNano(std::string_view text) {
  std::string_view rest = text;
  if (!rest.starts_with('P')) return std::nullopt;
  rest.remove_prefix(1);
  MonthDayNano value;
  const auto read = [](std::string_view part, auto* into, auto number) {
    if (part.empty()) return true;
    Eater eater(part);
    *into = number(eater);
    return eater.all_eaten();
  };
  const auto whole = [](Eater& eater) { return eater.Number32(0); };
  bool good = read(EatPart(&rest, 'M'), &value.months, whole) &&
              read(EatPart(&rest, 'D'), &value.days, whole);
  if (good && rest.starts_with('T')) {
    rest.remove_prefix(1);
    good = read(EatPart(&rest, 'S'), &value.nanoseconds, [](Eater& e) { return e.Number(9); });
  }
  return IfWrittenAs(text, good ? std::optional(value) : std::nullopt, [&](char* at) {
    return PutMonthDayNano(at, value.months, value.days, value.nanoseconds);
  });
}

}  // namespace ampload::encode
