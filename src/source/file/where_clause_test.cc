#include "source/file/where_clause.h"

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "matchers.h"
#include "source/file/test_files.h"

namespace ampload::source {
namespace {

using arrow::field;
using arrow::TimeUnit;

const arrow::Schema& Columns() {
  static const auto schema = arrow::schema({
      field("block_num", arrow::uint64()),
      field("tx_index", arrow::uint32()),
      field("small", arrow::int8()),
      field("status", arrow::boolean()),
      field("address", arrow::fixed_size_binary(20)),
      field("data", arrow::binary()),
      field("name", arrow::utf8()),
      field("value", arrow::decimal128(38, 0)),
      field("price", arrow::decimal128(10, 2)),
      field("wide", arrow::decimal256(76, 0)),
      field("ratio", arrow::float64()),
      field("ratio32", arrow::float32()),
      field("ratio16", arrow::float16()),
      field("at_ns", arrow::timestamp(TimeUnit::NANO, "+00:00")),
      field("at_s", arrow::timestamp(TimeUnit::SECOND)),
      field("day", arrow::date32()),
      field("clock", arrow::time32(TimeUnit::MILLI)),
      field("list", arrow::list(arrow::int8())),
      field("took", arrow::duration(TimeUnit::SECOND)),
      field("kind", arrow::dictionary(arrow::int32(), arrow::utf8())),
      field("in", arrow::int64()),
      field("odd name", arrow::int64()),
  });
  return *schema;
}

Result<arrow::compute::Expression> Parse(std::string_view text) {
  return ParseWhere(text, Columns());
}

void Accepts(std::string_view text) { EXPECT_THAT(Parse(text), IsOk()) << text; }
void Refuses(std::string_view text, const std::string& message) {
  EXPECT_THAT(Parse(text), FailsWith(FailureKind::kConfiguration, message)) << text;
}

TEST(Where, TakesTheExamplesOfItsHeader) {
  Accepts(fmt::format("block_num >= 100 and address = 0x{:a>40} or data is null", ""));
  Accepts("status in (true)");
  Accepts("NOT (name != 'x') AND block_num<>3 Or tx_index == 4");
  Accepts("name = 'it''s' and \"odd name\" > -5 and \"in\" <= +5");
}

TEST(Where, ALiteralHasItsColumnsType) {
  ASSERT_OK_AND_ASSIGN(const auto filter, Parse("block_num = 18446744073709551615"));
  const auto* call = filter.call();
  ASSERT_NE(call, nullptr);
  EXPECT_NE(call->arguments[0].field_ref(), nullptr) << "a cast keeps row groups from pruning";
  EXPECT_TRUE(call->arguments[1].literal()->type()->Equals(arrow::uint64()));
}

TEST(Where, RefusesALiteralOutsideTheColumnsRange) {
  Accepts("block_num = 18446744073709551615");
  Refuses("block_num = 18446744073709551616", "outside of the column's range");
  Refuses("block_num = -1", "outside of the column's range");
  Accepts("block_num = -0");
  Accepts("small in (-128, 127)");
  Refuses("small = 128", "outside of the column's range: type=int8");
  Refuses("small = -129", "outside");
  Refuses("tx_index < 4294967296", "outside");
  Refuses("small = 1e99999", "outside");
  Refuses("small = 1e999999999", "outside");
  Accepts("value = " + std::string(38, '9'));
  Refuses("value = 1" + std::string(38, '0'), "outside");
  Accepts("wide = -" + std::string(76, '9'));
  Refuses("wide = 1e76", "outside");
  Refuses("ratio = 1e309", "outside");
  Refuses("ratio = 1e-400", "outside");
  Refuses("ratio32 = 1e39", "outside");
  Refuses("ratio16 = 65520", "outside");
  Refuses("at_ns = '1677-09-21T00:12:43.145224191Z'", "outside");
  Accepts("at_ns = '1677-09-21T00:12:43.145224192Z'");
  Accepts("at_ns = '2262-04-11T23:47:16.854775807Z'");
  Refuses("at_ns = '2262-04-11T23:47:16.854775808Z'", "outside");
}

TEST(Where, NeverRoundsALiteral) {
  Accepts("block_num = 100.0 and block_num = 1e3");
  Refuses("block_num = 1.5", "whole number: type=uint64");
  Accepts("price = 1.50 and price = 1.5000 and price = 15e-1");
  Refuses("price = 1.505", "more digits after the point");
  Accepts("ratio = 9007199254740992 and ratio > 0.1 and ratio < 1e300");
  Refuses("ratio = 9007199254740993", "nearest value is 9007199254740992");
  Refuses("ratio32 = 16777217", "nearest value is 16777216");
  Refuses("ratio16 = 2049", "nearest value is 2048");
  Refuses("at_s = '2024-01-01T00:00:00.5'", "finer than the column's unit");
  Accepts("at_s = '2024-01-01T00:00:00.000'");
  Refuses("clock = '12:00:00.0001'", "finer");
}

TEST(Where, TakesBinaryAsHexOfTheRightWidth) {
  Accepts("data = 0x and data = 0xABcd");
  Refuses("data = 0xabc", "odd number of hex digits");
  Refuses("data = 'abc'", "0x hex");
  Refuses("address = 0xab", "takes 40 hex digits, the literal has 2");
  Refuses("block_num = 0xff", "number");
  Refuses("data = 0xzz", "not a hex digit");
}

TEST(Where, TakesTimesAsRfc3339) {
  Accepts("at_ns >= '2022-06-21T02:28:20Z' and at_ns < '2022-06-21t04:28:20.123456789+02:00'");
  Accepts("at_s = '2022-06-21 02:28:20' and day = '2024-02-29' and clock = '23:59:59.999'");
  Refuses("at_ns = '2022-06-21T02:28:20'", "end the literal with Z");
  Refuses("at_s = '2022-06-21T02:28:20Z'", "no time zone");
  Refuses("at_s = '2022-06-21'", "a time such as");
  Refuses("at_s = '2022-06-21T24:00:00'", "a time such as");
  Refuses("at_s = '2022-06-21T23:59:60'", "a time such as");
  Refuses("at_ns = '2022-06-21T02:28:20+2'", "a time such as");
  Refuses("at_ns = '2022-06-21T02:28:20.Z'", "a time such as");
  Refuses("at_ns = '2022-06-21T02:28:20.1234567890Z'", "a time such as");
  Refuses("at_ns = 5", "a time such as");
  Refuses("day = '2023-02-29'", "a date such as");
  Refuses("day = '2023-2-9'", "a date such as");
}

TEST(Where, RefusesALiteralOfAnotherKind) {
  Refuses("block_num = '5'", "without quotes");
  Refuses("name = 5", "single quotes");
  Refuses("status = 1", "true or false");
  Refuses("name = true", "single quotes");
  Refuses("kind = 5", "single quotes");
  Refuses("block_num = block_num", "expected a literal");
  Refuses("name = \"x\"", "text stands in 'single quotes'");
  Refuses("name = null", "ask `is null`");
  Refuses("name in ('a', null)", "ask `is null`");
}

TEST(Where, AsksNestedColumnsForNullAlone) {
  Accepts("list is null and took is not null");
  Refuses("list = 5", "can only be asked `is null`");
  Refuses("took = 5", "can only be asked `is null`");
}

TEST(Where, PointsAtThePlace) {
  Refuses("block_num >= ", "position=14 near=the end");
  Refuses("block_num 5", "position=11 near=5");
  Refuses("block_num = 5 block", "expected `and`, `or` or the end: position=15");
  Refuses("(block_num = 5", "expected `and`, `or` or )");
  Refuses("name in ('a' 'b')", "expected , or ): position=14");
  Refuses("name in ()", "expected a literal: position=10");
  Refuses("name = 'a", "never ends: position=8");
  Refuses("small = 300", "position=9 near=300");
  Refuses("name like 'a'", "expected an operator");
  Refuses("name not 'a'", "expected `in`");
  Refuses("name is 5", "expected `null`");
  Refuses("block_num = 5;", "unexpected character: position=14");
  Refuses("block_num = 5x", "not a number");
  Refuses("block_num = - 5", "unexpected character");
  Refuses("and", "expected a column");
  Refuses("  ", "empty");
  Refuses("name = '\xff'", "UTF-8");
}

TEST(Where, AnUnknownColumnNamesTheNearest) {
  Refuses("blok_num = 5", "did you mean block_num?: column=blok_num");
  Refuses("name = 'a' and BLOCK = 5", "where: position=16: source: unknown column");
}

TEST(Where, DeepNestingIsRefusedAndLongChainsAreNot) {
  Refuses(std::string(100'000, '(') + "small = 1", "more than 200");
  std::string nots;
  for (int i = 0; i < 100'000; ++i) nots += "not ";
  Refuses(nots + "small = 1", "more than 200");
  std::string chain = "small = 1";
  for (int i = 0; i < 20'000; ++i) chain += i % 2 == 0 ? " or small = 2" : " and small = 3";
  Accepts(chain);
}

TEST(Where, AHugeListIsLookedUp) {
  TestFolder folder;
  const auto path = folder.Path("n.parquet");
  ASSERT_THAT(WriteParquet(path, Numbers("x", 0, 10'000), 1000), IsOk());
  std::string list = "0";
  for (int i = 1; i < 100'000; ++i) list += fmt::format(",{}", 7 * i);
  ASSERT_OK_AND_ASSIGN(const auto in, Load(Of({path}, "x in (" + list + ")")));
  EXPECT_EQ(in->num_rows(), 1429);
  ASSERT_OK_AND_ASSIGN(const auto not_in, Load(Of({path}, "x not in (" + list + ")")));
  EXPECT_EQ(not_in->num_rows(), 10'000 - 1429);
}

}  // namespace
}  // namespace ampload::source
