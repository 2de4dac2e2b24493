// Golden JSON of every type. Where a Python command is named, it made the text:
//   rows(values) = "".join(json.dumps({"c": v}, ensure_ascii=False, separators=(",", ":"))
//                          for v in values)
#include <arrow/extension/uuid.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "encode/rows_for_test.h"
#include "matchers.h"

namespace ampload::encode {
namespace {

using arrow::TimeUnit;

TEST(JsonGolden, Booleans) {
  // rows([True, False, None])
  EXPECT_EQ(JsonColumn(arrow::boolean(), "[true, false, null]"),
            R"({"c":true}{"c":false}{"c":null})");
}

TEST(JsonGolden, IntegersWithAllTheirDigits) {
  // rows([0, 9, 10, 18446744073709551615, None])
  EXPECT_EQ(JsonColumn(arrow::uint64(), "[0, 9, 10, 18446744073709551615, null]"),
            R"({"c":0}{"c":9}{"c":10}{"c":18446744073709551615}{"c":null})");
  // rows([-9223372036854775808, -1, 0, 9223372036854775807])
  EXPECT_EQ(JsonColumn(arrow::int64(), "[-9223372036854775808, -1, 0, 9223372036854775807]"),
            R"({"c":-9223372036854775808}{"c":-1}{"c":0}{"c":9223372036854775807})");
  EXPECT_EQ(JsonColumn(arrow::int8(), "[-128, 127]"), R"({"c":-128}{"c":127})");
}

TEST(JsonGolden, DoublesInTheirFewestDigits) {
  // rows([1.5, 0.1, 1e300, -2.5e-7, None, 5e-324, 1.7976931348623157e308, -0.0])
  EXPECT_EQ(JsonColumn(arrow::float64(),
                       "[1.5, 0.1, 1e300, -2.5e-7, null, 5e-324, 1.7976931348623157e308, -0.0]"),
            R"({"c":1.5}{"c":0.1}{"c":1e+300}{"c":-2.5e-07}{"c":null}{"c":5e-324})"
            R"({"c":1.7976931348623157e+308}{"c":-0.0})");
  // As JavaScript's JSON.stringify has whole numbers; Python's json would put .0 behind them.
  EXPECT_EQ(JsonColumn(arrow::float64(), "[0.0, 1.0, -3.0]"), R"({"c":0}{"c":1}{"c":-3})");
}

TEST(JsonGolden, NarrowFloatsInTheDigitsOfTheirWidth) {
  EXPECT_EQ(JsonColumn(arrow::float32(), "[0.1, 16777216, -0.0]"),
            R"({"c":0.1}{"c":16777216}{"c":-0.0})");
  // str(numpy.float32(numpy.float16(0.1)))
  EXPECT_EQ(JsonColumn(arrow::float16(), "[0.1, 65504]"), R"({"c":0.099975586}{"c":65504})");
}

TEST(JsonGolden, WhatIsNoNumberAsAString) {
  const char* json = R"({"c":"NaN"}{"c":"Infinity"}{"c":"-Infinity"})";
  EXPECT_EQ(JsonColumn(arrow::float64(), "[NaN, Inf, -Inf]"), json);
  EXPECT_EQ(JsonColumn(arrow::float32(), "[NaN, Inf, -Inf]"), json);
  EXPECT_EQ(JsonColumn(arrow::float16(), "[NaN, Inf, -Inf]"), json);
}

TEST(JsonGolden, DecimalsAsStringsOfPlainDigits) {
  EXPECT_EQ(JsonColumn(arrow::decimal128(38, 2), R"(["1234.50", "-0.05", "0.00", null])"),
            R"({"c":"1234.50"}{"c":"-0.05"}{"c":"0.00"}{"c":null})");
  const std::string digits(76, '9');
  EXPECT_EQ(JsonColumn(arrow::decimal256(76, 0), "[\"-" + digits + "\"]"),
            "{\"c\":\"-" + digits + "\"}");
  EXPECT_EQ(JsonColumn(arrow::decimal32(9, 9), R"(["0.123456789"])"), R"({"c":"0.123456789"})");
}

template <class Builder>
std::shared_ptr<arrow::Array> Values(const std::vector<std::string_view>& values) {
  Builder builder;
  for (const auto value : values) EXPECT_THAT(builder.Append(value), IsOk());
  EXPECT_THAT(builder.AppendNull(), IsOk());
  return builder.Finish().ValueOrDie();
}

TEST(JsonGolden, StringsEscapedWhereTheyMustBe) {
  // rows(["", "a", "\"\\/\b\f\n\r\t", "\0\x1f", "\x7f", "äöü 漢 🦀 \u2028", None]), the DEL
  // apart
  const std::vector<std::string_view> texts = {
      "", "a", "\"\\/\b\f\n\r\t", std::string_view("\0\x1f", 2), "\x7f", "äöü 漢 🦀 \u2028"};
  const char* json = R"({"c":""}{"c":"a"}{"c":"\"\\/\b\f\n\r\t"}{"c":"\u0000\u001f"})"
                     "{\"c\":\"\x7f\"}{\"c\":\"äöü 漢 🦀 \u2028\"}{\"c\":null}";
  EXPECT_EQ(JsonOf(Values<arrow::StringBuilder>(texts)), json);
  EXPECT_EQ(JsonOf(Values<arrow::LargeStringBuilder>(texts)), json);
  EXPECT_EQ(JsonOf(Values<arrow::StringViewBuilder>(texts)), json);
}

TEST(JsonGolden, EveryControlCharacterInAnyPlace) {
  // Around the widths at which copies and checks change their way.
  for (const size_t length : {1UL, 7UL, 8UL, 15UL, 16UL, 17UL, 31UL, 33UL, 64UL}) {
    for (size_t at = 0; at < length; at += 5) {
      for (char c = 0; c < 0x20; ++c) {
        std::string text(length, 'x');
        text[at] = c;
        std::string escaped = text;
        const size_t letter = std::string_view("\b\f\n\r\t").find(c);
        const std::string two =
            letter == std::string_view::npos
                ? std::string("\\u00") + "01"[c >> 4] + "0123456789abcdef"[c & 15]
                : std::string("\\") + "bfnrt"[letter];
        escaped.replace(at, 1, two);
        arrow::StringBuilder builder;
        ASSERT_THAT(builder.Append(text), IsOk());
        ASSERT_EQ(JsonOf(builder.Finish().ValueOrDie()), "{\"c\":\"" + escaped + "\"}");
      }
    }
  }
}

TEST(JsonGolden, BinariesAsHex) {
  const std::vector<std::string_view> values = {"", std::string_view("\0\xff\x1a", 3)};
  const char* json = R"({"c":"0x"}{"c":"0x00ff1a"}{"c":null})";
  EXPECT_EQ(JsonOf(Values<arrow::BinaryBuilder>(values)), json);
  EXPECT_EQ(JsonOf(Values<arrow::LargeBinaryBuilder>(values)), json);
  EXPECT_EQ(JsonOf(Values<arrow::BinaryViewBuilder>(values)), json);
}

TEST(JsonGolden, FixedBinariesOfEveryWidthAsHex) {
  for (int32_t width = 0; width < 70; ++width) {
    std::string bytes, hex;
    for (int32_t i = 0; i < width; ++i) bytes += static_cast<char>(37 * i + 9 * width);
    hex = Hex(bytes);
    arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(width));
    ASSERT_THAT(builder.Append(bytes), IsOk());
    ASSERT_THAT(builder.AppendNull(), IsOk());
    EXPECT_EQ(JsonOf(builder.Finish().ValueOrDie()), "{\"c\":\"0x" + hex + "\"}{\"c\":null}");
  }
}

TEST(JsonGolden, DatesAndTimesAsTheStringsOfMsgpack) {
  EXPECT_EQ(JsonColumn(arrow::date32(), "[0, -719528, 2932896, null]"),
            R"({"c":"1970-01-01"}{"c":"0000-01-01"}{"c":"9999-12-31"}{"c":null})");
  EXPECT_EQ(JsonColumn(arrow::date64(), "[86400000]"), R"({"c":"1970-01-02"})");
  EXPECT_EQ(JsonColumn(arrow::time32(TimeUnit::MILLI), "[1]"), R"({"c":"00:00:00.001000"})");
  EXPECT_EQ(JsonColumn(arrow::time64(TimeUnit::NANO), "[1]"), R"({"c":"00:00:00.000000001"})");
  EXPECT_EQ(JsonColumn(arrow::timestamp(TimeUnit::SECOND), "[0]"),
            R"({"c":"1970-01-01T00:00:00.000000"})");
  EXPECT_EQ(JsonColumn(arrow::timestamp(TimeUnit::NANO, "+05:30"), "[1655778500000000001, null]"),
            R"({"c":"2022-06-21T02:28:20.000000001Z"}{"c":null})");
  EXPECT_EQ(JsonColumn(arrow::duration(TimeUnit::MILLI), "[-1500, null]"),
            R"({"c":"PT-1.5S"}{"c":null})");
  EXPECT_EQ(JsonColumn(arrow::month_interval(), "[14]"), R"({"c":"P14M"})");
  EXPECT_EQ(JsonColumn(arrow::day_time_interval(), "[[1, -250]]"), R"({"c":"P1DT-0.25S"})");
  EXPECT_EQ(JsonColumn(arrow::month_day_nano_interval(), "[[1, -2, 3500000000]]"),
            R"({"c":"P1M-2DT3.5S"})");
}

TEST(JsonGolden, ListsAsArrays) {
  const char* values = "[[1, null], [], null, [3]]";
  const char* json = R"({"c":[1,null]}{"c":[]}{"c":null}{"c":[3]})";
  for (const auto& type :
       {arrow::list(arrow::int8()), arrow::large_list(arrow::int8()),
        arrow::list_view(arrow::int8()), arrow::large_list_view(arrow::int8())}) {
    EXPECT_EQ(JsonColumn(type, values), json) << type->ToString();
  }
  EXPECT_EQ(JsonColumn(arrow::fixed_size_list(arrow::utf8(), 2), R"([["a", null], null])"),
            R"({"c":["a",null]}{"c":null})");
  EXPECT_EQ(JsonColumn(arrow::fixed_size_list(arrow::utf8(), 0), "[[], null]"),
            R"({"c":[]}{"c":null})");
  EXPECT_EQ(JsonColumn(arrow::list(arrow::list(arrow::null())), "[[[], [null, null]], [null]]"),
            R"({"c":[[],[null,null]]}{"c":[null]})");
}

TEST(JsonGolden, StructsAsObjects) {
  const auto type = arrow::struct_(
      {arrow::field("a\"b", arrow::int8()), arrow::field("", arrow::list(arrow::utf8()))});
  EXPECT_EQ(JsonColumn(type, R"([{"a\"b": 1, "": ["x"]}, null, {"a\"b": null, "": null}])"),
            R"({"c":{"a\"b":1,"":["x"]}}{"c":null}{"c":{"a\"b":null,"":null}})");
  EXPECT_EQ(JsonColumn(arrow::struct_(arrow::FieldVector{}), "[{}, null]"),
            R"({"c":{}}{"c":null})");
}

TEST(JsonGolden, MapsOfStringsAsObjects) {
  EXPECT_EQ(JsonColumn(arrow::map(arrow::utf8(), arrow::int8()),
                       R"([[["a", 1], ["\n", null]], [], null, [["a", 1], ["a", 2]]])"),
            R"({"c":{"a":1,"\n":null}}{"c":{}}{"c":null}{"c":{"a":1,"a":2}})");
}

TEST(JsonGolden, OtherMapsAsArraysOfPairs) {
  EXPECT_EQ(
      JsonColumn(arrow::map(arrow::int8(), arrow::utf8()), R"([[[1, "a"], [2, null]], [], null])"),
      R"({"c":[[1,"a"],[2,null]]}{"c":[]}{"c":null})");
  EXPECT_EQ(JsonColumn(arrow::map(arrow::binary(), arrow::int8()), R"([[["a", 1]]])"),
            R"({"c":[["0x61",1]]})");
}

TEST(JsonGolden, DictionariesAndRunsAsTheirValues) {
  EXPECT_EQ(JsonColumn(arrow::dictionary(arrow::int8(), arrow::utf8()), R"(["x", null, "x"])"),
            R"({"c":"x"}{"c":null}{"c":"x"})");
  const auto runs = arrow::RunEndEncodedArray::Make(3, FromJson(arrow::int32(), "[2, 3]"),
                                                    FromJson(arrow::int64(), "[7, null]"))
                        .ValueOrDie();
  EXPECT_EQ(JsonOf(runs), R"({"c":7}{"c":7}{"c":null})");
}

TEST(JsonGolden, ExtensionTypesAsTheirStorage) {
  const auto uuids = arrow::ExtensionType::WrapArray(
      arrow::extension::uuid(), FromJson(arrow::fixed_size_binary(16), R"(["0123456789abcdef"])"));
  EXPECT_EQ(JsonOf(uuids), R"({"c":"0x30313233343536373839616263646566"})");
}

TEST(JsonGolden, ColumnsInSchemaOrder) {
  auto schema =
      arrow::schema({arrow::field("b", arrow::int32()), arrow::field("a", arrow::utf8())});
  auto batch = arrow::RecordBatch::Make(
      schema, 2, {FromJson(arrow::int32(), "[1, 2]"), FromJson(arrow::utf8(), R"(["x", null])")});
  ASSERT_OK_AND_ASSIGN(auto encoder, JsonEncoder::Make(schema));
  ASSERT_OK_AND_ASSIGN(auto rows, encoder->Encode(*batch));
  ASSERT_EQ(rows.num_rows(), 2);
  EXPECT_EQ(rows.row(0), R"({"b":1,"a":"x"})");
  EXPECT_EQ(rows.row(1), R"({"b":2,"a":null})");
}

TEST(JsonGolden, RowsWithoutColumns) {
  auto schema = arrow::schema({});
  ASSERT_OK_AND_ASSIGN(auto encoder, JsonEncoder::Make(schema));
  ASSERT_OK_AND_ASSIGN(auto rows,
                       encoder->Encode(*arrow::RecordBatch::Make(schema, 2, arrow::ArrayVector{})));
  EXPECT_EQ(AllBytes(rows), "{}{}");
}

}  // namespace
}  // namespace ampload::encode
