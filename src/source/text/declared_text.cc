#include "source/text/declared_text.h"

#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "source/file/exact_number.h"
#include "source/text/inferred_text.h"

namespace ampload::source {
namespace {

using arrow::TimeUnit;

constexpr Fault kNotANumber = "not a number";
constexpr Fault kNotWhole = "not a whole number";
constexpr Fault kOutOfRange = "outside of the type's range";

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::optional<ExactNumber> ParseExact(std::string_view text) {
  if (text.find("+-") != std::string_view::npos) return std::nullopt;
  return ExactNumber::Parse(text);
}

bool SameLetters(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

int64_t NanosecondsOf(TimeUnit::type unit) {
  switch (unit) {
    case TimeUnit::SECOND:
      return 1'000'000'000;
    case TimeUnit::MILLI:
      return 1'000'000;
    case TimeUnit::MICRO:
      return 1'000;
    case TimeUnit::NANO:
      break;
  }
  return 1;
}

template <class Float>
Fault ParseReal(std::string_view text, Float* value) {
  text = Trim(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  Float magnitude = 0;
  if (SameLetters(text, "nan")) {
    magnitude = std::numeric_limits<Float>::quiet_NaN();
  } else if (SameLetters(text, "inf") || SameLetters(text, "infinity")) {
    magnitude = std::numeric_limits<Float>::infinity();
  } else {
    if (text.empty() || (text[0] != '.' && (text[0] < '0' || text[0] > '9'))) return kNotANumber;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude);
    if (end != text.data() + text.size()) return kNotANumber;
    if (error != std::errc()) return kOutOfRange;
  }
  *value = negative ? -magnitude : magnitude;
  return nullptr;
}

}  // namespace

template <class Integer>
Fault ParseInteger(std::string_view text, Integer* value) {
  int64_t plain = 0;
  if (ParseInferredInt64(text, &plain)) {
    if (!std::in_range<Integer>(plain)) return kOutOfRange;
    *value = static_cast<Integer>(plain);
    return nullptr;
  }
  const auto number = ParseExact(Trim(text));
  if (!number) return kNotWhole;
  const auto digits = number->Scaled(0, 20);
  if (!digits) return kNotWhole;
  if (digits->empty()) return kOutOfRange;
  const std::string whole = (number->negative ? "-" : "") + *digits;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), *value);
  const bool all = error == std::errc() && end == whole.data() + whole.size();
  return all ? nullptr : kOutOfRange;
}

template Fault ParseInteger(std::string_view, int8_t*);
template Fault ParseInteger(std::string_view, int16_t*);
template Fault ParseInteger(std::string_view, int32_t*);
template Fault ParseInteger(std::string_view, int64_t*);
template Fault ParseInteger(std::string_view, uint8_t*);
template Fault ParseInteger(std::string_view, uint16_t*);
template Fault ParseInteger(std::string_view, uint32_t*);
template Fault ParseInteger(std::string_view, uint64_t*);

template <class Float>
Fault ParseFloat(std::string_view text, Float* value) {
  return ParseReal(text, value);
}

template <>
Fault ParseFloat(std::string_view text, uint16_t* value) {
  double exact = 0;
  if (const Fault fault = ParseReal(text, &exact)) return fault;
  const auto half = arrow::util::Float16::FromDouble(exact);
  if (std::isfinite(exact) && (!half.is_finite() || (half.is_zero() && exact != 0))) {
    return kOutOfRange;
  }
  *value = half.bits();
  return nullptr;
}

template Fault ParseFloat(std::string_view, float*);
template Fault ParseFloat(std::string_view, double*);

Fault ParseBool(std::string_view text, bool* value) {
  text = Trim(text);
  *value = SameLetters(text, "true") || SameLetters(text, "t") || text == "1";
  const bool no = SameLetters(text, "false") || SameLetters(text, "f") || text == "0";
  return *value || no ? nullptr : "not true or false";
}

Fault ParseDate32(std::string_view text, int32_t* days) {
  const auto date = ParseDate(Trim(text));
  if (!date) return "not a date such as 2024-01-31";
  *days = static_cast<int32_t>(*date);
  return nullptr;
}

Fault ParseDate64(std::string_view text, int64_t* milliseconds) {
  int32_t days = 0;
  if (const Fault fault = ParseDate32(text, &days)) return fault;
  *milliseconds = int64_t{days} * 86'400'000;
  return nullptr;
}

Fault ParseTime64(std::string_view text, TimeUnit::type unit, int64_t* value) {
  const auto time = ParseTimeOfDay(Trim(text));
  if (!time) return "not a time such as 23:59:59.5";
  if (*time % NanosecondsOf(unit) != 0) return "finer than the type's unit";
  *value = *time / NanosecondsOf(unit);
  return nullptr;
}

Fault ParseTime32(std::string_view text, TimeUnit::type unit, int32_t* value) {
  int64_t wide = 0;
  if (const Fault fault = ParseTime64(text, unit, &wide)) return fault;
  *value = static_cast<int32_t>(wide);
  return nullptr;
}

Fault TimestampInUnit(const ParsedTimestamp& time, TimeUnit::type unit, int64_t* value) {
  const int64_t nanoseconds = NanosecondsOf(unit);
  if (time.nanoseconds % nanoseconds != 0) return "finer than the type's unit";
  // Below 1970 from the second above, so that the very lowest values do not overflow half way.
  const bool below = time.seconds < 0;
  const int64_t a_second = 1'000'000'000 / nanoseconds;
  const int64_t rest = time.nanoseconds / nanoseconds - (below ? a_second : 0);
  if (__builtin_mul_overflow(time.seconds + (below ? 1 : 0), a_second, value) ||
      __builtin_add_overflow(*value, rest, value)) {
    return kOutOfRange;
  }
  return nullptr;
}

Fault ParseTimestampText(std::string_view text, const arrow::TimestampType& type, int64_t* value) {
  const auto time = ParseTimestamp(Trim(text));
  if (!time) return "not a time such as 2024-01-31T23:59:59";
  const bool zoned = !type.timezone().empty();
  if (zoned && !time->has_zone) return "the type has a time zone, the text has no Z or +hh:mm";
  if (!zoned && time->has_zone) return "the text has a time zone, the type has none";
  return TimestampInUnit(*time, type.unit(), value);
}

Fault ParseDurationText(std::string_view text, TimeUnit::type unit, int64_t* value) {
  constexpr Fault kNotADuration = "not a duration such as PT1.5S";
  text = Trim(text);
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (!text.starts_with("PT") || !text.ends_with('S')) return kNotADuration;
  const auto seconds = text.substr(2, text.size() - 3);
  if (seconds.find_first_not_of("-0123456789.") != std::string_view::npos) return kNotADuration;
  auto number = ParseExact(seconds);
  if (!number) return kNotADuration;
  const auto digits = number->Scaled(3 * static_cast<int>(unit), 19);
  if (!digits) return "finer than the type's unit";
  if (digits->empty()) return kOutOfRange;
  const std::string whole = (number->negative != negative ? "-" : "") + *digits;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), *value);
  return error == std::errc() && end == whole.data() + whole.size() ? nullptr : kOutOfRange;
}

namespace {

constexpr size_t kMostDigits = 76;
constexpr size_t kDigitsAtOnce = 18;

// The digits of -?[0-9]+(.[0-9]+)? times 10^scale, without zeros in front, into `digits`. nullopt
// where the text has another form, or too many of them: the exact way round decides then.
std::optional<size_t> PlainDigits(std::string_view text, size_t most, int32_t scale, char* digits) {
  size_t count = 0;
  int32_t behind = -1;  // the point; less: none yet
  for (const char c : text) {
    if (c == '.' && behind < 0) {
      behind = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    behind += behind >= 0;
    if (c == '0' && count == 0) continue;
    if (count == most) return std::nullopt;
    digits[count++] = c;
  }
  if (text.empty() || text.front() == '.' || text.back() == '.') return std::nullopt;
  const int64_t zeros = int64_t{scale} - std::max(behind, 0);
  if (count == 0) return 0;
  if (zeros < 0 || static_cast<size_t>(zeros) + count > most) return std::nullopt;
  std::fill_n(digits + count, zeros, '0');
  return count + static_cast<size_t>(zeros);
}

template <class Decimal>
Decimal OfDigits(const char* digits, size_t count) {
  // As wide as the decimal's own constructor takes it.
  using Part = std::conditional_t<sizeof(Decimal) == 4, int32_t, int64_t>;
  Decimal value(Part{0});
  for (size_t at = 0; at < count;) {
    const size_t end = at + std::min(kDigitsAtOnce, count - at);
    Part part = 0;
    Part power = 1;
    for (; at < end; ++at) {
      part = static_cast<Part>(part * 10 + (digits[at] - '0'));
      power = static_cast<Part>(power * 10);
    }
    value = end <= kDigitsAtOnce ? Decimal(part) : Decimal(value * Decimal(power) + Decimal(part));
  }
  return value;
}

}  // namespace

template <class Decimal>
Fault ParseDecimal(std::string_view text, int32_t precision, int32_t scale, Decimal* value) {
  char plain[kMostDigits];
  const bool negative = text.starts_with('-');
  if (const auto count =
          PlainDigits(text.substr(negative), static_cast<size_t>(precision), scale, plain)) {
    *value = OfDigits<Decimal>(plain, *count);
    if (negative) value->Negate();
    return nullptr;
  }
  const auto number = ParseExact(Trim(text));
  if (!number) return kNotANumber;
  const auto digits = number->Scaled(scale, static_cast<size_t>(precision));
  if (!digits) return "more digits behind the point than the type has";
  if (digits->empty()) return "more digits than the type has";
  const auto made = Decimal::FromString((number->negative ? "-" : "") + *digits);
  if (!made.ok()) return kOutOfRange;
  *value = *made;
  return nullptr;
}

template Fault ParseDecimal(std::string_view, int32_t, int32_t, arrow::Decimal32*);
template Fault ParseDecimal(std::string_view, int32_t, int32_t, arrow::Decimal64*);
template Fault ParseDecimal(std::string_view, int32_t, int32_t, arrow::Decimal128*);
template Fault ParseDecimal(std::string_view, int32_t, int32_t, arrow::Decimal256*);

namespace {

// The digit's value; 255 where it is none.
constexpr auto kHexDigits = [] {
  std::array<uint8_t, 256> values{};
  values.fill(255);
  for (uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
  for (uint8_t i = 0; i < 6; ++i) {
    values['a' + i] = static_cast<uint8_t>(10 + i);
    values['A' + i] = static_cast<uint8_t>(10 + i);
  }
  return values;
}();

}  // namespace

Fault ParseBytes(std::string_view text, std::string* bytes) {
  if (!text.starts_with("0x")) {
    bytes->assign(text);
    return nullptr;
  }
  constexpr Fault kNotHex = "not hex digits behind the 0x, two for each byte";
  const auto digits = text.substr(2);
  if (digits.size() % 2 != 0) return kNotHex;
  bytes->resize(digits.size() / 2);
  unsigned bad = 0;
  for (size_t i = 0; i < bytes->size(); ++i) {
    const unsigned high = kHexDigits[static_cast<unsigned char>(digits[2 * i])];
    const unsigned low = kHexDigits[static_cast<unsigned char>(digits[2 * i + 1])];
    bad |= high | low;
    (*bytes)[i] = static_cast<char>(high << 4 | (low & 15));
  }
  return bad > 15 ? kNotHex : nullptr;
}

Fault ParseFixedBytes(std::string_view text, int32_t width, std::string* bytes) {
  if (!text.starts_with("0x")) return "not 0x and hex digits";
  if (const Fault fault = ParseBytes(text, bytes)) return fault;
  if (bytes->size() != static_cast<size_t>(width))
    return "another number of bytes than the type has";
  return nullptr;
}

}  // namespace ampload::source
