// Numerics against a model that goes through text: Arrow's digits, cut into fours by hand.
#include <arrow/util/decimal.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "encode/pg/copy_rows_for_test.h"
#include "matchers.h"

namespace ampload::encode::pg {
namespace {

std::string BigHex(int value) {
  const auto bits = static_cast<uint16_t>(value);
  return Hex(std::string{static_cast<char>(bits >> 8), static_cast<char>(bits & 0xff)});
}

// The field that a numeric of these digits is: `digits` * 10^-scale, `shown` behind the point.
std::string Model(std::string digits, int scale, int shown) {
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  if (scale < 0) digits += std::string(static_cast<size_t>(-scale), '0');
  std::string fraction;
  if (scale > 0) {
    const auto places = static_cast<size_t>(scale);
    if (digits.size() < places) digits.insert(0, places - digits.size(), '0');
    fraction = digits.substr(digits.size() - places);
    digits.resize(digits.size() - places);
  }
  while (digits.size() % 4 != 0) digits.insert(0, 1, '0');
  while (fraction.size() % 4 != 0) fraction += '0';
  int weight = static_cast<int>(digits.size() / 4) - 1;
  std::string all = digits + fraction;
  while (all.starts_with("0000")) {
    all.erase(0, 4);
    --weight;
  }
  while (all.ends_with("0000")) all.resize(all.size() - 4);
  if (all.empty()) weight = 0;
  const int groups = static_cast<int>(all.size() / 4);
  std::string hex = "0000" + BigHex(8 + 2 * groups) + BigHex(groups) + BigHex(weight) +
                    (negative ? "4000" : "0000") + BigHex(shown);
  for (size_t at = 0; at < all.size(); at += 4) hex += BigHex(std::stoi(all.substr(at, 4)));
  return hex;
}

constexpr const char* kOneField = "0001";

template <class Type, class Builder, class Decimal>
std::string Coded(const Decimal& value, int32_t precision, int32_t scale) {
  Builder builder(Type::Make(precision, scale).ValueOrDie());
  EXPECT_THAT(builder.Append(value), IsOk());
  // No precision: as much as the type's numbers have, and more.
  const auto bytes = CopyOf(builder.Finish().ValueOrDie(), TypeOf(1700));
  return bytes.ok() ? Hex(*bytes) : bytes.status().ToString();
}
std::string Coded256(const arrow::Decimal256& value, int32_t scale) {
  return Coded<arrow::Decimal256Type, arrow::Decimal256Builder>(value, 76, scale);
}
std::string Coded128(const arrow::Decimal128& value, int32_t scale) {
  return Coded<arrow::Decimal128Type, arrow::Decimal128Builder>(value, 38, scale);
}
std::string Coded64(int64_t value, int32_t scale) {
  return Coded<arrow::Decimal64Type, arrow::Decimal64Builder>(arrow::Decimal64(value), 18, scale);
}

TEST(CopyNumeric, IsTheModelsAtEveryPowerOfTenAndItsNeighbours) {
  arrow::Decimal256 power(1);
  for (int exponent = 0; exponent <= 76; ++exponent, power *= arrow::Decimal256(10)) {
    for (int64_t step : {-1, 0, 1}) {
      for (int sign : {-1, 1}) {
        const arrow::Decimal256 value = (power + arrow::Decimal256(step)) * arrow::Decimal256(sign);
        const std::string digits = value.ToIntegerString();
        for (int scale : {0, 1, 2, 3, 4, 5, 18, 76}) {
          const std::string model = kOneField + Model(digits, scale, scale);
          ASSERT_EQ(Coded256(value, scale), model) << digits << " " << scale;
          const auto limbs = value.little_endian_array();
          if (!value.FitsInPrecision(38)) continue;
          const arrow::Decimal128 narrow(static_cast<int64_t>(limbs[1]), limbs[0]);
          ASSERT_EQ(Coded128(narrow, scale), model) << digits << " " << scale;
          if (!value.FitsInPrecision(18)) continue;
          ASSERT_EQ(Coded64(static_cast<int64_t>(limbs[0]), scale), model) << digits;
        }
      }
    }
  }
}

TEST(CopyNumeric, IsTheModelsForRandomNumbersOfAnyWidthAndScale) {
  std::mt19937_64 dice(1);
  for (int i = 0; i < 20000; ++i) {
    arrow::Decimal256 value(std::array<uint64_t, 4>{dice(), dice(), dice(), dice()});
    value >>= static_cast<uint32_t>(dice() % 256);
    if (dice() % 4 == 0) {  // zeros behind
      arrow::Decimal256 round(1);
      for (uint64_t zeros = dice() % 30; zeros > 0; --zeros) round *= arrow::Decimal256(10);
      const auto rest = value.Divide(round);
      if (rest.ok()) value -= rest->second;
    }
    const int scale = static_cast<int>(dice() % 170) - 85;
    ASSERT_EQ(Coded256(value, scale),
              kOneField + Model(value.ToIntegerString(), scale, std::max(scale, 0)))
        << value.ToIntegerString() << " " << scale;
    const arrow::Decimal128 narrow(static_cast<int64_t>(dice()) >> (dice() % 64), dice());
    ASSERT_EQ(Coded128(narrow, scale),
              kOneField + Model(narrow.ToIntegerString(), scale, std::max(scale, 0)));
    const auto word = static_cast<int64_t>(dice()) >> (dice() % 64);
    ASSERT_EQ(Coded64(word, scale),
              kOneField + Model(std::to_string(word), scale, std::max(scale, 0)));
  }
}

TEST(CopyNumeric, HoldsTheEndsOfEveryWidth) {
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min();
  const auto low =
      arrow::Decimal256(std::array<uint64_t, 4>{0, 0, 0, static_cast<uint64_t>(1) << 63});
  for (int scale : {0, 1, 2, 3}) {
    EXPECT_EQ(Coded64(kLow, scale), kOneField + Model(std::to_string(kLow), scale, scale));
    EXPECT_EQ(Coded128(arrow::Decimal128(kLow, 0), scale),
              kOneField + Model("-170141183460469231731687303715884105728", scale, scale));
    EXPECT_EQ(Coded256(low, scale),
              kOneField + Model("-57896044618658097711785492504343953926634992332820282019728792003"
                                "956564819968",
                                scale, scale));
  }
  EXPECT_EQ(CopyHex(arrow::uint64(), "[18446744073709551615]"),
            kOneField + Model("18446744073709551615", 0, 0));
}

TEST(CopyNumeric, TakesIntegersOfEveryWidth) {
  for (const auto& type : {arrow::int8(), arrow::int16(), arrow::int32(), arrow::int64()}) {
    ASSERT_OK_AND_ASSIGN(const auto bytes,
                         CopyOf(FromJson(type, "[-128, 127]"), NumericType(3, 0)));
    EXPECT_EQ(Hex(bytes), kOneField + Model("-128", 0, 0) + kOneField + Model("127", 0, 0));
  }
  for (const auto& type : {arrow::uint8(), arrow::uint16(), arrow::uint32(), arrow::uint64()}) {
    ASSERT_OK_AND_ASSIGN(const auto bytes, CopyOf(FromJson(type, "[255]"), NumericType(5, 2)));
    EXPECT_EQ(Hex(bytes), kOneField + Model("25500", 2, 2));
  }
}

// The column's precision and scale decide, not the values' type.
Status Into(int32_t scale, int64_t unscaled, const PgType& type) {
  arrow::Decimal128Builder builder(arrow::decimal128(38, scale));
  EXPECT_THAT(builder.Append(arrow::Decimal128(unscaled)), IsOk());
  return CopyOf(builder.Finish().ValueOrDie(), type).status();
}

TEST(CopyNumeric, TakesWhatTheColumnsScaleHoldsExactly) {
  EXPECT_THAT(Into(4, 12300, NumericType(10, 2)), IsOk());
  EXPECT_THAT(Into(4, 12345, NumericType(10, 2)),
              FailsWith(FailureKind::kData,
                        "postgresql: value has more digits behind the point than its column: "
                        "table=chain.logs column=c row=100 arrow=decimal128(38, 4) "
                        "column_type=numeric value=1.2345"));
  EXPECT_THAT(Into(4, 0, NumericType(2, 2)), IsOk());
  EXPECT_THAT(Into(0, 1200, NumericType(3, -2)), IsOk());
  EXPECT_THAT(Into(0, 1250, NumericType(3, -2)), FailsWith(FailureKind::kData, "value=1250"));
  EXPECT_THAT(Into(5, 12, NumericType(2, 5)), IsOk());  // 0.00012
  EXPECT_THAT(Into(5, 112, NumericType(2, 5)), FailsWith(FailureKind::kData, "value=0.00112"));
}

TEST(CopyNumeric, RefusesWhatTheColumnsPrecisionDoesNotHold) {
  EXPECT_THAT(Into(0, 999, NumericType(3, 0)), IsOk());
  EXPECT_THAT(Into(0, -999, NumericType(3, 0)), IsOk());
  EXPECT_THAT(Into(0, 1000, NumericType(3, 0)), FailsWith(FailureKind::kData, "value=1000"));
  EXPECT_THAT(Into(0, -1000, NumericType(3, 0)), FailsWith(FailureKind::kData, "value=-1000"));
  EXPECT_THAT(Into(0, 99, NumericType(4, 2)), IsOk());
  EXPECT_THAT(Into(0, 100, NumericType(4, 2)), FailsWith(FailureKind::kData, "value=100"));
  EXPECT_THAT(Into(0, 99900, NumericType(3, -2)), IsOk());
  EXPECT_THAT(Into(0, 100000, NumericType(3, -2)), FailsWith(FailureKind::kData, "value=100000"));
}

TEST(CopyNumeric, GoesIntoIntegersWhereItIsWhole) {
  const auto coded = [](int32_t scale, std::vector<int64_t> unscaled, uint32_t oid) {
    arrow::Decimal128Builder builder(arrow::decimal128(38, scale));
    for (const int64_t value : unscaled) {
      EXPECT_THAT(builder.Append(arrow::Decimal128(value)), IsOk());
    }
    const auto bytes = CopyOf(builder.Finish().ValueOrDie(), TypeOf(oid));
    return bytes.ok() ? Hex(*bytes) : bytes.status().ToString();
  };
  EXPECT_EQ(coded(2, {-3276800, 0, 1200}, 21),
            "000100000002"
            "8000"
            "000100000002"
            "0000"
            "000100000002"
            "000c");
  EXPECT_EQ(coded(0, {std::numeric_limits<int64_t>::min()}, 20), "0001000000088000000000000000");
  EXPECT_EQ(coded(-9, {9}, 20), "0001000000080000000218711a00");
  EXPECT_THAT(coded(2, {1, 0}, 20), testing::HasSubstr("row=100 "));
  EXPECT_THAT(coded(2, {0, 3276800}, 21), testing::HasSubstr("row=101 "));
  EXPECT_THAT(coded(-19, {1}, 20), testing::HasSubstr("value=10000000000000000000"));
}

}  // namespace
}  // namespace ampload::encode::pg
