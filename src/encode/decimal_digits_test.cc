#include "encode/decimal_digits.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ampload::encode {
namespace {

template <class Magnitude>
std::string Text(const SignedMagnitude<Magnitude>& value, bool zero, int32_t scale) {
  const int digits = DigitCount(value.magnitude);
  const int64_t size = DecimalTextSize(value.negative, zero, digits, scale);
  std::string text(static_cast<size_t>(size) + 1, '#');
  char* end = PutDecimalText(text.data(), value, zero, digits, scale);
  EXPECT_EQ(end - text.data(), size);
  EXPECT_EQ(text.back(), '#');  // nothing is written beyond the end
  text.pop_back();
  return text;
}
std::string Text(const arrow::Decimal256& value, int32_t scale) {
  const auto limbs = value.little_endian_array();
  return Text(SplitSign256(reinterpret_cast<const uint8_t*>(limbs.data())),
              value == arrow::Decimal256(0), scale);
}
std::string Text(const arrow::Decimal128& value, int32_t scale) {
  const auto limbs = value.little_endian_array();
  return Text(SplitSign128(reinterpret_cast<const uint8_t*>(limbs.data())),
              value == arrow::Decimal128(0), scale);
}
std::string Text(int64_t value, int32_t scale) { return Text(SplitSign(value), value == 0, scale); }

TEST(DecimalDigits, HavePointAndZerosWhereTheScaleSays) {
  EXPECT_EQ(Text(-5, 2), "-0.05");
  EXPECT_EQ(Text(5, 1), "0.5");
  EXPECT_EQ(Text(50, 1), "5.0");
  EXPECT_EQ(Text(0, 3), "0.000");
  EXPECT_EQ(Text(0, 0), "0");
  EXPECT_EQ(Text(0, -3), "0");
  EXPECT_EQ(Text(-12, -3), "-12000");
  EXPECT_EQ(Text(123456, 6), "0.123456");
  EXPECT_EQ(Text(1, 40), "0." + std::string(39, '0') + "1");
}

// Arrow's own text is the judge.
TEST(DecimalDigits, AreArrowsAtEveryPowerOfTenAndItsNeighbours) {
  arrow::Decimal256 power(1);
  for (int exponent = 0; exponent <= 76; ++exponent, power *= arrow::Decimal256(10)) {
    for (int64_t step : {-1, 0, 1}) {
      for (int sign : {-1, 1}) {
        const arrow::Decimal256 value = (power + arrow::Decimal256(step)) * arrow::Decimal256(sign);
        ASSERT_EQ(Text(value, 0), value.ToIntegerString());
        if (!value.FitsInPrecision(38)) continue;
        const auto limbs = value.little_endian_array();
        const arrow::Decimal128 narrow(static_cast<int64_t>(limbs[1]), limbs[0]);
        ASSERT_EQ(Text(narrow, 0), value.ToIntegerString());
        if (!value.FitsInPrecision(18)) continue;
        ASSERT_EQ(Text(static_cast<int64_t>(limbs[0]), 0), value.ToIntegerString());
      }
    }
  }
}

TEST(DecimalDigits, AreArrowsForRandomNumbersOfAnyWidth) {
  std::mt19937_64 dice(1);
  for (int i = 0; i < 20000; ++i) {
    arrow::Decimal256 value(std::array<uint64_t, 4>{dice(), dice(), dice(), dice()});
    value >>= static_cast<uint32_t>(dice() % 256);
    ASSERT_EQ(Text(value, 0), value.ToIntegerString());
    const arrow::Decimal128 narrow(static_cast<int64_t>(dice()) >> (dice() % 64), dice());
    ASSERT_EQ(Text(narrow, 0), narrow.ToIntegerString());
  }
}

TEST(DecimalDigits, HoldTheEndsOfEveryWidth) {
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(Text(kLow, 0), "-9223372036854775808");
  EXPECT_EQ(Text(arrow::Decimal128(kLow, 0), 0), "-170141183460469231731687303715884105728");
  const auto low =
      arrow::Decimal256(std::array<uint64_t, 4>{0, 0, 0, static_cast<uint64_t>(1) << 63});
  EXPECT_EQ(Text(low, 0),
            "-57896044618658097711785492504343953926634992332820282019728792003956564819968");
  EXPECT_EQ(DigitCount(~uint64_t{0}), 20);
  EXPECT_EQ(DigitCount(~Uint128{0}), 39);
  EXPECT_EQ(DigitCount(Uint256{{~0ULL, ~0ULL, ~0ULL, ~0ULL}}), 78);
}

TEST(DecimalDigits, AreReadBackForTheirScale) {
  std::mt19937_64 dice(2);
  for (int i = 0; i < 5000; ++i) {
    arrow::Decimal256 value(std::array<uint64_t, 4>{dice(), dice(), dice(), dice()});
    value >>= static_cast<uint32_t>(4 + dice() % 252);
    const int32_t scale = static_cast<int32_t>(dice() % 160) - 80;
    ASSERT_EQ(ParseDecimalText(Text(value, scale), scale), value) << Text(value, scale);
  }
}

TEST(DecimalDigits, AreNotReadFromAnotherForm) {
  for (const char* text : {"", "-", "+1.00", "1.0", "1.000", "1,00", ".50", "01.00", "1e2", " 1.00",
                           "1.00 ", "-0.00", "--1.00", "1", "NaN"}) {
    EXPECT_EQ(ParseDecimalText(text, 2), std::nullopt) << text;
  }
  EXPECT_EQ(ParseDecimalText("1200", -3), std::nullopt);
  EXPECT_EQ(ParseDecimalText("1.", 0), std::nullopt);
  EXPECT_EQ(ParseDecimalText(std::string(77, '9'), 0), std::nullopt);
}

}  // namespace
}  // namespace ampload::encode
