#include "source/text/inferred_text.h"

#include <charconv>
#include <cstring>

#include "source/file/exact_number.h"
#include "source/file/time_literal.h"
#include "source/text/declared_text.h"

namespace ampload::source {
namespace {

using arrow::TimeUnit;

struct NumberParts {
  bool point = false;
  bool exponent = false;
  size_t whole_digits = 0;
  size_t digits = 0;         // from the first that is not zero, of the mantissa
  bool zero_at_end = false;  // behind the point, and not ".0" alone
};

// -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
std::optional<NumberParts> Dissect(std::string_view text) {
  NumberParts parts;
  size_t i = text.starts_with('-') ? 1 : 0;
  const auto digit = [&](size_t at) {
    return at < text.size() && text[at] >= '0' && text[at] <= '9';
  };
  const size_t whole = i;
  while (digit(i)) ++i;
  parts.whole_digits = i - whole;
  if (parts.whole_digits == 0 || (parts.whole_digits > 1 && text[whole] == '0')) {
    return std::nullopt;
  }
  const bool zero = text[whole] == '0';
  if (!zero) parts.digits = parts.whole_digits;
  if (i < text.size() && text[i] == '.') {
    parts.point = true;
    const size_t fraction = ++i;
    for (; digit(i); ++i) {
      if (parts.digits > 0 || text[i] != '0') ++parts.digits;
    }
    if (i == fraction) return std::nullopt;
    parts.zero_at_end = text[i - 1] == '0' && i - fraction > 1;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    parts.exponent = true;
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digit(i)) return std::nullopt;
    while (digit(i)) ++i;
  }
  return i == text.size() ? std::optional(parts) : std::nullopt;
}

// Is the text what the value's shortest text is?
bool IsShortest(std::string_view text, const NumberParts& parts, double value, Exponent exponent) {
  char buffer[400];
  char* const end = buffer + sizeof(buffer);
  if (parts.exponent && exponent == Exponent::kAny) {
    const auto printed = std::to_chars(buffer, end, value, std::chars_format::scientific);
    const auto shortest = ExactNumber::Parse({buffer, printed.ptr});
    const auto own = ExactNumber::Parse(text);
    return shortest && own && shortest->digits == own->digits &&
           shortest->exponent == own->exponent;
  }
  const auto format = parts.exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto printed = std::to_chars(buffer, end, value, format);
  std::string_view shortest(buffer, printed.ptr);
  if (!parts.exponent && text.ends_with(".0") && text.size() == shortest.size() + 2) {
    text.remove_suffix(2);
  }
  return text == shortest;
}

}  // namespace

bool ParseInferredUint64(std::string_view text, uint64_t* value) {
  if (text.empty() || text.size() > 20 || (text[0] == '0' && text.size() > 1)) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseInferredBool(std::string_view text, bool* value) {
  *value = text == "true";
  return *value || text == "false";
}

bool ParseInferredDate(std::string_view text, int32_t* days) {
  if (text.size() != 10) return false;
  const auto parsed = ParseDate(text);
  if (!parsed) return false;
  *days = static_cast<int32_t>(*parsed);
  return true;
}

bool ParseInferredTimestamp(std::string_view text, TimeUnit::type unit, bool utc, int64_t* value) {
  // 2024-01-31T23:59:59, then a point and 1 to 9 digits, then Z.
  if (text.size() < 19 || text.size() > 30 || (text[10] != 'T' && text[10] != ' ')) return false;
  if (text.ends_with('Z') != utc) return false;
  const auto fraction = text.substr(19, text.size() - 19 - utc);
  if (!fraction.empty() && fraction[0] != '.') return false;
  const auto parsed = ParseTimestamp(text);
  return parsed && parsed->has_zone == utc && TimestampInUnit(*parsed, unit, value) == nullptr;
}

bool ParseInferredFloat64(std::string_view text, Exponent exponent, double* value) {
  const auto parts = Dissect(text);
  if (!parts || parts->zero_at_end) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  constexpr double kWhole = 9007199254740992.0;  // 2^53
  const bool whole = !parts->exponent && (!parts->point || text.ends_with(".0"));
  if (whole && !(*value <= kWhole && *value >= -kWhole)) return false;
  // Up to 15 digits make a value that no other 15 digits make: they are its shortest ones.
  if (!parts->exponent && parts->digits <= 15 && text.size() < 100) return true;
  return IsShortest(text, *parts, *value, exponent);
}

uint32_t FormsOf(std::string_view text, uint32_t among, Exponent exponent) {
  uint32_t fits = 0;
  const auto test = [&](uint32_t form, auto parse) {
    if ((among & form) != 0 && parse()) fits |= form;
  };
  int64_t int64 = 0;
  int32_t days = 0;
  uint64_t uint64 = 0;
  bool boolean = false;
  double real = 0;
  const auto timestamp = [&](TimeUnit::type unit, bool utc) {
    return ParseInferredTimestamp(text, unit, utc, &int64);
  };
  test(kFormBool, [&] { return ParseInferredBool(text, &boolean); });
  test(kFormInt64, [&] { return ParseInferredInt64(text, &int64); });
  test(kFormUint64, [&] { return ParseInferredUint64(text, &uint64); });
  test(kFormDate, [&] { return ParseInferredDate(text, &days); });
  test(kFormMicros, [&] { return timestamp(TimeUnit::MICRO, false); });
  test(kFormMicrosUtc, [&] { return timestamp(TimeUnit::MICRO, true); });
  test(kFormNanos, [&] { return timestamp(TimeUnit::NANO, false); });
  test(kFormNanosUtc, [&] { return timestamp(TimeUnit::NANO, true); });
  test(kFormFloat64, [&] { return ParseInferredFloat64(text, exponent, &real); });
  return fits;
}

std::shared_ptr<arrow::DataType> TypeOfForms(uint32_t forms) {
  if ((forms & kFormBool) != 0) return arrow::boolean();
  if ((forms & kFormInt64) != 0) return arrow::int64();
  if ((forms & kFormUint64) != 0) return arrow::uint64();
  if ((forms & kFormDate) != 0) return arrow::date32();
  if ((forms & kFormMicros) != 0) return arrow::timestamp(TimeUnit::MICRO);
  if ((forms & kFormMicrosUtc) != 0) return arrow::timestamp(TimeUnit::MICRO, "UTC");
  if ((forms & kFormNanos) != 0) return arrow::timestamp(TimeUnit::NANO);
  if ((forms & kFormNanosUtc) != 0) return arrow::timestamp(TimeUnit::NANO, "UTC");
  if ((forms & kFormFloat64) != 0) return arrow::float64();
  return arrow::utf8();
}

}  // namespace ampload::source
