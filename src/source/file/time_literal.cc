#include "source/file/time_literal.h"

#include <chrono>

namespace ampload::source {
namespace {

constexpr int64_t kNanoseconds = 1'000'000'000;

// Exactly `count` digits at `at`; -1 where they are not.
int Digits(std::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// hh:mm
std::optional<int64_t> ParseHoursMinutes(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const int hours = Digits(text, 0, 2);
  const int minutes = Digits(text, 3, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return hours * 60 + minutes;
}

}  // namespace

std::optional<int64_t> ParseDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = Digits(text, 0, 4);
  const int month = Digits(text, 5, 2);
  const int day = Digits(text, 8, 2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::optional<int64_t> ParseTimeOfDay(std::string_view text) {
  if (text.size() < 8 || text[5] != ':') return std::nullopt;
  const auto minutes = ParseHoursMinutes(text.substr(0, 5));
  const int seconds = Digits(text, 6, 2);
  if (!minutes.has_value() || seconds < 0 || seconds > 59) return std::nullopt;
  int64_t fraction = 0;
  if (text.size() > 8) {
    const size_t digits = text.size() - 9;
    if (text[8] != '.' || digits < 1 || digits > 9) return std::nullopt;
    fraction = Digits(text, 9, digits);
    if (fraction < 0) return std::nullopt;
    for (size_t i = digits; i < 9; ++i) fraction *= 10;
  }
  return (*minutes * 60 + seconds) * kNanoseconds + fraction;
}

std::optional<ParsedTimestamp> ParseTimestamp(std::string_view text) {
  if (text.size() < 19 || std::string_view("Tt ").find(text[10]) == std::string_view::npos) {
    return std::nullopt;
  }
  const auto days = ParseDate(text.substr(0, 10));
  auto rest = text.substr(11);
  ParsedTimestamp out;
  int64_t offset_minutes = 0;
  if (rest.ends_with('Z') || rest.ends_with('z')) {
    out.has_zone = true;
    rest.remove_suffix(1);
  } else if (const size_t sign = rest.find_first_of("+-"); sign != std::string_view::npos) {
    const auto offset = ParseHoursMinutes(rest.substr(sign + 1));
    if (!offset.has_value()) return std::nullopt;
    out.has_zone = true;
    offset_minutes = rest[sign] == '-' ? -*offset : *offset;
    rest = rest.substr(0, sign);
  }
  const auto time = ParseTimeOfDay(rest);
  if (!days.has_value() || !time.has_value()) return std::nullopt;
  out.seconds = *days * 86'400 + *time / kNanoseconds - offset_minutes * 60;
  out.nanoseconds = static_cast<int32_t>(*time % kNanoseconds);
  return out;
}

}  // namespace ampload::source
