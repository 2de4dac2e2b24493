// A text as a value of a declared type: exactly that value, or what is wrong with it. Spaces around
// a number, a bool, a date or a time do not matter.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "source/file/time_literal.h"

namespace ampload::source {

// What is wrong with a value: a text that lives as long as the program; null: nothing.
using Fault = const char*;

// Whole numbers in any form whose value is whole: 7, 007, +7, 7.0, 7e2. For all eight types.
template <class Integer>
Fault ParseInteger(std::string_view text, Integer* value);

// Decimal numbers (the nearest value), nan, inf, infinity, with a sign. Float or double; uint16_t
// stands for the bits of a half float. A number beyond the range, or one that would become zero,
// is a fault.
template <class Float>
Fault ParseFloat(std::string_view text, Float* value);

// true, false, t, f, 1, 0 in any case.
Fault ParseBool(std::string_view text, bool* value);

// YYYY-MM-DD; Date32 and Date64.
Fault ParseDate32(std::string_view text, int32_t* days);
Fault ParseDate64(std::string_view text, int64_t* milliseconds);

// HH:MM:SS with a fraction that the unit holds.
Fault ParseTime32(std::string_view text, arrow::TimeUnit::type unit, int32_t* value);
Fault ParseTime64(std::string_view text, arrow::TimeUnit::type unit, int64_t* value);

// With a zone: Z or an offset must be written, and the value is the instant. Without: neither.
Fault ParseTimestampText(std::string_view text, const arrow::TimestampType& type, int64_t* value);
Fault TimestampInUnit(const ParsedTimestamp& time, arrow::TimeUnit::type unit, int64_t* value);

// Seconds as ISO 8601 says them: PT90S, PT-1.5S, -PT1.5S.
Fault ParseDurationText(std::string_view text, arrow::TimeUnit::type unit, int64_t* value);

// Decimal32, 64, 128 or 256 of arrow.
template <class Decimal>
Fault ParseDecimal(std::string_view text, int32_t precision, int32_t scale, Decimal* value);

// After 0x, hex digits; else the text's own bytes. The bytes go to `bytes`.
Fault ParseBytes(std::string_view text, std::string* bytes);
// 0x and hex digits for exactly `width` bytes.
Fault ParseFixedBytes(std::string_view text, int32_t width, std::string* bytes);

}  // namespace ampload::source
