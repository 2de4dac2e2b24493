#include "loaders/postgresql/value_parser.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/hex.h"
#include "encode/decoded_type.h"
#include "matchers.h"

namespace ampload::postgresql {
namespace {

using encode::pg::BuiltInType;
using encode::pg::PgType;

const auto kDamaged = FailureKind::kPermanent;

// The column of that one value, printed; "does not fit" where its Arrow type has no such value.
// The hex is what `SELECT encode(<send>(...), 'hex')` answers on a server 15.
Result<std::string> Parse(const PgType& type, std::string_view bytes) {
  const auto arrow_type = encode::StorageType(encode::pg::ArrowTypeOf(type));
  std::unique_ptr<arrow::ArrayBuilder> builder;
  ARROW_RETURN_NOT_OK(arrow::MakeBuilder(arrow::default_memory_pool(), arrow_type, &builder));
  ARROW_ASSIGN_OR_RAISE(const bool fits, AppendValue(type, bytes, builder.get()));
  if (!fits) return "does not fit";
  ARROW_ASSIGN_OR_RAISE(const auto array, builder->Finish());
  ARROW_RETURN_NOT_OK(array->ValidateFull());
  ARROW_ASSIGN_OR_RAISE(const auto scalar, array->GetScalar(0));
  return scalar->ToString();
}

Result<std::string> FromHexOf(uint32_t oid, std::string_view hex) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, base::FromHex(hex));
  return Parse(BuiltInType(oid, -1, "t"), bytes);
}

void Is(uint32_t oid, std::string_view hex, std::string_view expected) {
  ASSERT_OK_AND_ASSIGN(const auto text, FromHexOf(oid, hex));
  EXPECT_EQ(text, expected) << "oid " << oid << " " << hex;
}

TEST(AppendValue, ReadsNumbers) {
  Is(16, "01", "true");
  Is(16, "00", "false");
  Is(21, "8000", "-32768");
  Is(23, "ffffffff", "-1");
  Is(20, "7fffffffffffffff", "9223372036854775807");
  Is(20, "8000000000000000", "-9223372036854775808");
  Is(700, "3dcccccd", "0.1");
  Is(701, "3fb999999999999a", "0.1");
  Is(701, "fff0000000000000", "-inf");
}

TEST(AppendValue, ReadsDecimalsOfTheirTypesScale) {
  const auto numeric = [](int precision, int scale, std::string_view text) {
    return Parse(BuiltInType(1700, ((precision << 16) | scale) + 4, "numeric"), text);
  };
  EXPECT_EQ(*numeric(20, 0, "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(*numeric(10, 3, "-0.050"), "-0.050");
  EXPECT_EQ(*numeric(10, 3, "7"), "7.000");
  EXPECT_EQ(*numeric(76, 0, std::string(76, '9')), std::string(76, '9'));
  EXPECT_EQ(*numeric(10, 3, "NaN"), "does not fit");
  EXPECT_EQ(*Parse(BuiltInType(1700, -1, "numeric"), "NaN"), "NaN");
  EXPECT_EQ(*Parse(BuiltInType(1700, -1, "numeric"), "1e-3"), "1e-3");
}

TEST(AppendValue, ReadsDatesAndTimesBeforeAndAfterTheServersEpoch) {
  Is(1082, "00000000", "2000-01-01");
  Is(1082, "ffffd533", "1970-01-01");
  Is(1083, "000000141dd75fff", "23:59:59.999999");
  Is(1114, "fffca2fec4c82000", "1970-01-01 00:00:00.000000");
  Is(1184, "0002895c2e515520", "2022-08-16 15:29:20.500000Z");
}

TEST(AppendValue, ReadsTheFirstDayThatThereIs) {
  arrow::Date32Builder builder;
  ASSERT_OK_AND_ASSIGN(const auto bytes, base::FromHex("ffda97a7"));  // 4714-11-24 BC
  EXPECT_THAT(AppendValue(BuiltInType(1082, -1, "date"), bytes, &builder), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto array, builder.Finish());
  EXPECT_EQ(static_cast<const arrow::Date32Array&>(*array).Value(0), -2440588);  // Julian day 0
}

TEST(AppendValue, SaysThatArrowHasNoInfinity) {
  Is(1082, "7fffffff", "does not fit");
  Is(1082, "80000000", "does not fit");
  Is(1114, "7fffffffffffffff", "does not fit");
  Is(1184, "8000000000000000", "does not fit");
}

TEST(AppendValue, ReadsIntervals) {
  Is(1186, "00000000000f42400000000200000003", "3M2d1000000000ns");
  Is(1186, "fffffffffff0bdc0ffffffffffffffff", "-1M-1d-1000000000ns");
  Is(1186, "7fffffffffffffff0000000000000000", "does not fit");
}

TEST(AppendValue, ReadsBytes) {
  EXPECT_EQ(*Parse(BuiltInType(25, -1, "text"), "h\xC3\xA9"), "h\xC3\xA9");
  EXPECT_EQ(*FromHexOf(17, "00ff"), std::string_view("\0\xFF", 2));
  const std::string_view uuid = "a0eebc999c0b4ef8bb6d6bb9bd380a11";
  EXPECT_EQ(base::ToHex(*FromHexOf(2950, uuid)), uuid);
}

TEST(AppendValue, ReadsArraysOfOneDimensionWithNulls) {
  // ARRAY[1, NULL, 2]::int[]
  Is(1007,
     "000000010000000100000017000000030000000100000004"
     "00000001ffffffff0000000400000002",
     "list<item: int32>[1, null, 2]");
  Is(1007, "000000000000000000000017", "list<item: int32>[]");
  // ARRAY['a','']::text[]
  Is(1009, "0000000100000000000000190000000200000001000000016100000000", "list<item: string>[a, ]");
}

TEST(AppendValue, SaysThatAListHasNoDimensionsAndBounds) {
  // ARRAY[[1],[2]]; '[0:0]={1}'::int[]; ARRAY['infinity']::date[]
  Is(1007,
     "00000002000000000000001700000002000000010000000100000001"
     "00000004000000010000000400000002",
     "does not fit");
  Is(1007,
     "0000000100000000000000170000000100000000"
     "0000000400000001",
     "does not fit");
  Is(1182, "00000001000000000000043a0000000100000001000000047fffffff", "does not fit");
}

TEST(AppendValue, RefusesBytesThatAreNoValue) {
  for (const auto& [oid, hex] :
       {std::pair{16U, ""},
        {16U, "0101"},
        {20U, "00"},
        {23U, "0000000000"},
        {701U, "00000000"},
        {1082U, "00"},
        {1114U, "00000000"},
        {1186U, "00000000000f424000000002"},
        {2950U, "00"},
        {1007U, "00000001"},
        {1007U, "00000001000000000000001700000002000000010000000400000001"},
        {1007U, "00000000000000000000001700"}}) {
    EXPECT_THAT(FromHexOf(oid, hex), FailsWith(kDamaged, "no value of the type"))
        << oid << " " << hex;
  }
}

}  // namespace
}  // namespace ampload::postgresql
