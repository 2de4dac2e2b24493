#include "encode/json_decoder.h"

#include <gtest/gtest.h>

#include "encode/rows_for_test.h"
#include "matchers.h"

namespace ampload::encode {
namespace {

using namespace std::string_view_literals;

Result<std::shared_ptr<arrow::Array>> DecodeColumn(const std::shared_ptr<arrow::DataType>& type,
                                                   const std::vector<std::string_view>& rows) {
  ARROW_ASSIGN_OR_RAISE(auto batch, DecodeJsonRows(rows, arrow::schema({arrow::field("c", type)})));
  return batch->column(0);
}

TEST(JsonDecoder, ReadsWhatAForeignWriterWrote) {
  const auto type = arrow::struct_(
      {arrow::field("x", arrow::int16()), arrow::field("y", arrow::list(arrow::utf8()))});
  ASSERT_OK_AND_ASSIGN(
      auto column,
      DecodeColumn(type, {R"( { "c" : {"y": ["\u00e9\ud83e\udd80\/", null], "x": -300} } )"}));
  EXPECT_TRUE(column->Equals(FromJson(type, R"([{"x": -300, "y": ["é🦀/", null]}])")));
}

TEST(JsonDecoder, ReadsColumnsInAnyOrderAndPassesOverUnknownKeys) {
  auto schema = arrow::schema({arrow::field("a", arrow::int32()), arrow::field("b", arrow::int32()),
                               arrow::field("c", arrow::int32())});
  const std::string_view row = R"({"b": 2, "other": [{"a": 9}, "x"], "more": 7, "a": 1})";
  ASSERT_OK_AND_ASSIGN(auto batch, DecodeJsonRows(std::vector{row}, schema));
  EXPECT_EQ(batch->column(0)->ToString(), FromJson(arrow::int32(), "[1]")->ToString());
  EXPECT_EQ(batch->column(1)->ToString(), FromJson(arrow::int32(), "[2]")->ToString());
  EXPECT_EQ(batch->column(2)->ToString(), FromJson(arrow::int32(), "[null]")->ToString());
}

TEST(JsonDecoder, LosesNoDigit) {
  ASSERT_OK_AND_ASSIGN(
      auto integers, DecodeColumn(arrow::uint64(),
                                  {R"({"c":18446744073709551615})", R"({"c":9007199254740993})"}));
  EXPECT_TRUE(
      integers->Equals(FromJson(arrow::uint64(), "[18446744073709551615, 9007199254740993]")));
  // The float32 nearest to this text is not the float32 nearest to the float64 nearest to it.
  ASSERT_OK_AND_ASSIGN(auto floats,
                       DecodeColumn(arrow::float32(), {R"({"c":1.000000059604644776})"}));
  EXPECT_EQ(static_cast<const arrow::FloatArray&>(*floats).Value(0), 0x1.000002p0F);
}

struct BadText {
  std::shared_ptr<arrow::DataType> type;
  std::string_view row;
  std::string_view message;
};

TEST(JsonDecoder, RefusesWhatTheColumnCannotHold) {
  const std::vector<BadText> cases = {
      {arrow::int8(), R"({"c":128})", "json: the integer does not fit the column's type: column=c"},
      {arrow::uint64(), R"({"c":-1})", "does not fit the column's type: column=c row=1"},
      {arrow::uint64(), R"({"c":18446744073709551616})", "not an integer of at most 64 bits"},
      {arrow::int32(), R"({"c":"1"})", "not an integer: column=c row=1"},
      {arrow::int32(), R"({"c":1.5})", "not an integer of at most 64 bits: column=c"},
      {arrow::boolean(), R"({"c":1})", "not a bool: column=c"},
      {arrow::null(), R"({"c":1})", "a value, not null: column=c"},
      {arrow::float32(), R"({"c":1e300})", "not a float"},
      {arrow::float16(), R"({"c":0.1})", "the float does not fit"},
      {arrow::float64(), R"({"c":"inf"})", "not a float: column=c"},
      {arrow::utf8(), R"({"c":1})", "not a string: column=c"},
      {arrow::binary(), R"({"c":"00"})", "not a binary as 0x and hex digits: column=c"},
      {arrow::binary(), R"({"c":"0x0"})", "not a binary"},
      {arrow::fixed_size_binary(2), R"({"c":"0x00"})", "another length"},
      {arrow::fixed_size_list(arrow::int8(), 2), R"({"c":[1]})", "another length"},
      {arrow::list(arrow::int8()), R"({"c":[1,true]})", "not an integer: column=c[] row=1"},
      {arrow::list(arrow::int8()), R"({"c":{}})", "not an array: column=c"},
      {arrow::struct_({arrow::field("x", arrow::int8())}), R"({"c":{"x":true}})", "column=c.x"},
      {arrow::struct_({arrow::field("x", arrow::int8())}), R"({"c":[]})", "not an object"},
      {arrow::map(arrow::utf8(), arrow::int8()), R"({"c":[]})", "not an object: column=c"},
      {arrow::map(arrow::int8(), arrow::int8()), R"({"c":{}})", "not an array of pairs"},
      {arrow::map(arrow::int8(), arrow::int8()), R"({"c":[[1]]})", "not a pair of a key and"},
      {arrow::map(arrow::int8(), arrow::int8()), R"({"c":[[null,1]]})", "a key is nil"},
      {arrow::decimal128(3, 1), R"({"c":12.3})", "not a string: column=c"},
      {arrow::decimal128(3, 1), R"({"c":"123.4"})", "not a decimal"},
      {arrow::date32(), R"({"c":"2022-02-29"})", "not a date"},
      {arrow::int32(), R"({"c":1,"c":2})", "the key is there twice: column=c row=1"},
      {arrow::int32(), R"({"c":1}x)", "not valid JSON"},
      {arrow::int32(), "{\"c\":1}\0x"sv, "not valid JSON: bytes behind the value"},
      {arrow::int32(), R"({"c":01})", "not valid JSON"},
      {arrow::int32(), R"({"c":NaN})", "not valid JSON"},
      {arrow::utf8(), "{\"c\":\"\xff\"}", "not valid JSON: Invalid encoding in string."},
      {arrow::utf8(), "{\"c\":\"\n\"}", "not valid JSON"},
      {arrow::int32(), R"([1])", "the row is not a JSON object: row=1"},
      {arrow::int32(), R"({"c")", "not valid JSON"},
      {arrow::int32(), "", "not valid JSON"},
  };
  for (const BadText& bad : cases) {
    EXPECT_THAT(DecodeColumn(bad.type, {R"({"c":null})", bad.row}),
                FailsWith(FailureKind::kData, bad.message))
        << bad.type->ToString() << " " << bad.row;
  }
}

TEST(JsonDecoder, PassesOverAnUnknownValueHoweverDeep) {
  const size_t depth = 1'000'000;
  const std::string row =
      R"({"x":)" + std::string(depth, '[') + std::string(depth, ']') + R"(,"c":1})";
  ASSERT_OK_AND_ASSIGN(auto column, DecodeColumn(arrow::int32(), {row}));
  EXPECT_TRUE(column->Equals(FromJson(arrow::int32(), "[1]")));
}

}  // namespace
}  // namespace ampload::encode
