// The texts that may become a value of a type which nobody declared: those whose every digit and
// sign the value keeps. All else stays a string.
//
//   int64, uint64    12, -3, 0                      not 007, +1, -0, 1e5, nor beyond the range
//   bool             true, false
//   date32           2024-01-31
//   timestamp        2024-01-31T23:59:59.123456     T or a space; up to 6 digits us, 7 to 9 ns; an
//                    2024-01-31T23:59:59Z           upper-case Z at its end: UTC; no other offsets
//   float64          0.5, -12.25, 1e-07             what the shortest text of the value is, in
//   plain
//                    1.0, 1                         or scientific form; of a whole number, up to
//                                                   2^53, also with .0; not 1.10, .5, 1e5, nan
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace ampload::source {

inline bool ParseInferredInt64(std::string_view text, int64_t* value) {
  const bool negative = text.starts_with('-');
  const char* at = text.data() + negative;
  const size_t digits = text.size() - negative;
  if (digits == 0 || digits > 19) return false;
  if (*at == '0') {
    *value = 0;
    return digits == 1 && !negative;
  }
  uint64_t magnitude = 0;
  for (size_t i = 0; i < digits; ++i) {
    const auto digit = static_cast<unsigned>(static_cast<unsigned char>(at[i])) - '0';
    if (digit > 9) return false;
    magnitude = magnitude * 10 + digit;
  }
  if (magnitude > static_cast<uint64_t>(INT64_MAX) + negative) return false;
  *value = static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

bool ParseInferredUint64(std::string_view text, uint64_t* value);
bool ParseInferredBool(std::string_view text, bool* value);
bool ParseInferredDate(std::string_view text, int32_t* days);
bool ParseInferredTimestamp(std::string_view text, arrow::TimeUnit::type unit, bool utc,
                            int64_t* value);

enum class Exponent { kAsPrinted, kAny };  // kAny: 1e5, 1E-7 too, where no digit is lost (JSON)
bool ParseInferredFloat64(std::string_view text, Exponent exponent, double* value);

// Which of the types a text could be: bits.
enum InferredForm : uint32_t {
  kFormBool = 1,
  kFormInt64 = 2,
  kFormUint64 = 4,
  kFormDate = 8,
  kFormMicros = 16,
  kFormMicrosUtc = 32,
  kFormNanos = 64,
  kFormNanosUtc = 128,
  kFormFloat64 = 256,
};
inline constexpr uint32_t kCsvForms = 511 - kFormUint64;
inline constexpr uint32_t kJsonNumberForms = kFormInt64 | kFormUint64 | kFormFloat64;

// Those of `among` that the text fits.
uint32_t FormsOf(std::string_view text, uint32_t among, Exponent exponent);

// The narrowest type of those left; string where none is.
std::shared_ptr<arrow::DataType> TypeOfForms(uint32_t forms);

}  // namespace ampload::source
