#include "cli/row_json.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cli/moment_text.h"
#include "matchers.h"

namespace ampload::cli {
namespace {

// Value 0 of an array that Arrow's own JSON reader makes.
std::string Json(const std::shared_ptr<arrow::DataType>& type, const std::string& value) {
  const auto array =
      arrow::json::ArrayFromJSONString(type, fmt::format("[{}]", value)).ValueOrDie();
  return ValueToJson(*array, 0).dump();
}

std::string Cell(const std::shared_ptr<arrow::DataType>& type, const std::string& value) {
  const auto array =
      arrow::json::ArrayFromJSONString(type, fmt::format("[{}]", value)).ValueOrDie();
  return CellText(ValueToJson(*array, 0));
}

TEST(RowJson, KeepsEveryDigit) {
  EXPECT_EQ(Json(arrow::uint64(), "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(Json(arrow::int64(), "-9223372036854775808"), "-9223372036854775808");
  const std::string widest = fmt::format("\"{}\"", std::string(76, '9'));
  EXPECT_EQ(Json(arrow::decimal256(76, 0), widest), widest);
  EXPECT_EQ(Json(arrow::decimal128(38, 2), "\"-1.05\""), "\"-1.05\"");
  EXPECT_EQ(Json(arrow::float32(), "0.1"), "0.1");
  EXPECT_EQ(Json(arrow::float64(), "0.30000000000000004"), "0.30000000000000004");
  EXPECT_EQ(Json(arrow::float64(), "NaN"), "\"NaN\"");
  EXPECT_EQ(Json(arrow::int8(), "-1"), "-1");
  EXPECT_EQ(Json(arrow::boolean(), "true"), "true");
}

TEST(RowJson, ShowsBinaryAsHexAndTextAsItIs) {
  EXPECT_EQ(Json(arrow::binary(), "\"ab\""), "\"0x6162\"");
  EXPECT_EQ(Json(arrow::fixed_size_binary(2), "\"ab\""), "\"0x6162\"");
  EXPECT_EQ(Json(arrow::large_binary(), "\"\""), "\"0x\"");
  EXPECT_EQ(Json(arrow::binary_view(), "\"ab\""), "\"0x6162\"");
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    EXPECT_EQ(Cell(type, "\"ab\""), "ab");
  }
}

TEST(RowJson, ShowsTimesAsRfc3339) {
  const auto ns = arrow::TimeUnit::NANO;
  EXPECT_EQ(Cell(arrow::timestamp(ns, "UTC"), "1655778500000000001"),
            "2022-06-21T02:28:20.000000001Z");
  EXPECT_EQ(Cell(arrow::timestamp(ns), "1655778500000000000"), "2022-06-21T02:28:20");
  EXPECT_EQ(Cell(arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), "-1"),
            "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(Cell(arrow::date32(), "19164"), "2022-06-21");
  EXPECT_EQ(Cell(arrow::time32(arrow::TimeUnit::SECOND), "8900"), "02:28:20");
}

TEST(RowJson, ShowsNullsAndNestedValues) {
  EXPECT_EQ(Cell(arrow::int32(), "null"), "NULL");
  EXPECT_EQ(Cell(arrow::null(), "null"), "NULL");
  const auto row = arrow::struct_(
      {arrow::field("a", arrow::int8()), arrow::field("b", arrow::list(arrow::binary()))});
  EXPECT_EQ(Cell(row, R"({"a": 1, "b": ["a", null]})"), "{a: 1, b: [0x61, NULL]}");
  EXPECT_EQ(Json(row, R"({"a": 1, "b": []})"), R"({"a":1,"b":[]})");
  EXPECT_EQ(Cell(arrow::list(row), "[]"), "[]");
}

TEST(RowJson, ShowsEncodedValuesAsWhatTheyStandFor) {
  EXPECT_EQ(Cell(arrow::dictionary(arrow::int8(), arrow::utf8()), "\"x\""), "x");
}

TEST(MomentText, ReachesTheEndsOfInt64) {
  const auto min = std::numeric_limits<int64_t>::min();
  const auto max = std::numeric_limits<int64_t>::max();
  // Python: datetime(1970,1,1) + timedelta(microseconds=(2**63-1)//1000)
  EXPECT_EQ(TimestampText(max, arrow::TimeUnit::NANO, true), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(TimestampText(min, arrow::TimeUnit::NANO, true), "1677-09-21T00:12:43.145224192Z");
  // numpy.datetime64(2**63-1, 's')
  EXPECT_EQ(TimestampText(max, arrow::TimeUnit::SECOND, false), "292277026596-12-04T15:30:07");
  EXPECT_EQ(DateText(0), "1970-01-01");
  EXPECT_EQ(DateText(11016), "2000-02-29");
  EXPECT_EQ(DateText(-719528), "0000-01-01");
}

}  // namespace
}  // namespace ampload::cli
