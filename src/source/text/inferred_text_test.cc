#include "source/text/inferred_text.h"

#include <arrow/type.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>

namespace ampload::source {
namespace {

std::string TypeOf(std::string_view text, uint32_t among = kCsvForms,
                   Exponent exponent = Exponent::kAsPrinted) {
  return TypeOfForms(FormsOf(text, among, exponent))->ToString();
}

TEST(InferredText, ChoosesATypeOnlyWhereNothingIsLost) {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "int64"},
      {"-1", "int64"},
      {"9223372036854775807", "int64"},
      {"-9223372036854775808", "int64"},
      {"9223372036854775808", "string"},
      {"-9223372036854775809", "string"},
      {"99999999999999999999", "string"},
      {"10000000000000000000000", "string"},  // a float64 would hold it, as no integer
      {"007", "string"},
      {"00", "string"},
      {"+1", "string"},
      {" 1", "string"},
      {"1 ", "string"},
      {"1,5", "string"},
      {"1_000", "string"},
      {"", "string"},
      {"-", "string"},
      {"0x10", "string"},
      {"-0", "double"},  // an int64 has no negative zero
      {"1.5", "double"},
      {"1.0", "double"},
      {"-0.0", "double"},
      {"1.10", "string"},
      {"1.00", "string"},
      {"1.", "string"},
      {".5", "string"},
      {"01.5", "string"},
      {"0.1", "double"},
      {"0.30000000000000004", "double"},
      {"0.300000000000000044", "string"},
      {"3.141592653589793238", "string"},
      {"9007199254740992.0", "double"},
      {"9007199254740993.0", "string"},
      {"1e5", "string"},
      {"1e+05", "double"},  // what C prints
      {"1e-07", "double"},  // what C and Python print
      {"1e-7", "string"},
      {"1E+05", "string"},
      {"1e400", "string"},
      {"1e-400", "string"},
      {"nan", "string"},
      {"NaN", "string"},
      {"inf", "string"},
      {"true", "bool"},
      {"false", "bool"},
      {"True", "string"},
      {"t", "string"},
      {"2024-02-29", "date32[day]"},
      {"2023-02-29", "string"},
      {"2024-2-9", "string"},
      {"20240229", "int64"},
      {"2024-02-29T23:59:59", "timestamp[us]"},
      {"2024-02-29 23:59:59.5", "timestamp[us]"},
      {"2024-02-29T23:59:59.123456", "timestamp[us]"},
      {"2024-02-29T23:59:59.1234567", "timestamp[ns]"},
      {"2024-02-29T23:59:59Z", "timestamp[us, tz=UTC]"},
      {"2024-02-29T23:59:59.123456789Z", "timestamp[ns, tz=UTC]"},
      {"2024-02-29T23:59:59.1234567890Z", "string"},
      {"2024-02-29T23:59:59+00:00", "string"},  // the offset would be lost
      {"2024-02-29T23:59:59.5+02:00", "string"},
      {"2024-02-29T23:59:59z", "string"},
      {"2024-02-29t23:59:59", "string"},
      {"2024-02-29T23:59:60", "string"},
      {"2024-02-29T24:00:00", "string"},
      {"2024-02-29T23:59", "string"},
      {"0000-01-01T00:00:00", "timestamp[us]"},
      {"0000-01-01T00:00:00.000000001", "string"},  // before what nanoseconds reach
      {"1677-09-21T00:12:43.145224193", "timestamp[ns]"},
      {"1677-09-21T00:12:43.145224191", "string"},
      {"2262-04-11T23:47:16.854775807", "timestamp[ns]"},
      {"2262-04-11T23:47:16.854775808", "string"},
  };
  for (const auto& [text, type] : cases) EXPECT_EQ(TypeOf(text), type) << text;
}

TEST(InferredText, JsonNumbersMayHaveAnyExponent) {
  const std::pair<const char*, const char*> cases[] = {
      {"1e5", "double"},
      {"1E-7", "double"},
      {"1.5e300", "double"},
      {"1.50e3", "string"},
      {"12345678901234567890e2", "string"},
      {"18446744073709551615", "uint64"},
      {"18446744073709551616", "string"},
      {"-1", "int64"},
  };
  for (const auto& [text, type] : cases) {
    EXPECT_EQ(TypeOf(text, kJsonNumberForms, Exponent::kAny), type) << text;
  }
}

TEST(InferredText, AFloatIsWhatTheStandardLibraryPrintsOfIt) {
  std::mt19937_64 random(7);
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto bits = random();
    const double any = std::bit_cast<double>(bits);
    const double value = i % 2 == 0 ? any : static_cast<double>(static_cast<int64_t>(bits)) / 1e15;
    if (!std::isfinite(value)) continue;
    char buffer[400];
    const auto fixed = std::to_chars(buffer, buffer + 400, value, std::chars_format::fixed);
    const std::string plain(buffer, fixed.ptr);
    const auto power = std::to_chars(buffer, buffer + 400, value, std::chars_format::scientific);
    const std::string scientific(buffer, power.ptr);
    double read = 0;
    EXPECT_TRUE(ParseInferredFloat64(scientific, Exponent::kAsPrinted, &read)) << scientific;
    EXPECT_EQ(std::bit_cast<uint64_t>(read), std::bit_cast<uint64_t>(value));
    EXPECT_FALSE(ParseInferredFloat64("0" + scientific, Exponent::kAsPrinted, &read));

    // Cut, or printed with a fixed number of digits: taken only where it says the value's own text.
    for (const std::string& text : {plain, plain + "0", plain.substr(0, 18),
                                    fmt::format("{:.3f}", value), fmt::format("{:.17g}", value)}) {
      if (!ParseInferredFloat64(text, Exponent::kAsPrinted, &read)) continue;
      ++taken;
      EXPECT_EQ(read, std::strtod(text.c_str(), nullptr)) << text;
      std::set<std::string> own;
      const auto again = std::to_chars(buffer, buffer + 400, read, std::chars_format::fixed);
      own.insert(std::string(buffer, again.ptr));
      own.insert(std::string(buffer, again.ptr) + ".0");
      const auto e = std::to_chars(buffer, buffer + 400, read, std::chars_format::scientific);
      own.insert(std::string(buffer, e.ptr));
      EXPECT_TRUE(own.contains(text)) << text;
    }
  }
  EXPECT_GT(taken, 8'000);
}

TEST(InferredText, AnIntegerIsWhatItPrints) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<int64_t>(random()) >> (random() % 64);
    const auto text = std::to_string(value);
    int64_t read = 0;
    ASSERT_TRUE(ParseInferredInt64(text, &read)) << text;
    ASSERT_EQ(read, value);
    auto other = text;
    other[random() % other.size()] = static_cast<char>(random() % 128);
    if (ParseInferredInt64(other, &read)) {
      ASSERT_EQ(std::to_string(read), other);
    }
  }
}

}  // namespace
}  // namespace ampload::source
