#include "encode/msgpack_decoder.h"

#include <gtest/gtest.h>

#include "encode/rows_for_test.h"
#include "matchers.h"

namespace ampload::encode {
namespace {

using namespace std::string_view_literals;

Result<std::shared_ptr<arrow::Array>> DecodeColumn(const std::shared_ptr<arrow::DataType>& type,
                                                   const std::vector<std::string_view>& rows) {
  ARROW_ASSIGN_OR_RAISE(auto batch,
                        DecodeMsgpackRows(rows, arrow::schema({arrow::field("c", type)})));
  return batch->column(0);
}

TEST(MsgpackDecoder, ReadsWhatAForeignWriterWrote) {
  // msgpack.packb({"c": {"x": -300, "y": ["z", None]}})
  ASSERT_OK_AND_ASSIGN(
      auto column,
      DecodeColumn(arrow::struct_({arrow::field("x", arrow::int16()),
                                   arrow::field("y", arrow::list(arrow::utf8()))}),
                   {"\x81\xa1\x63\x82\xa1\x78\xd1\xfe\xd4\xa1\x79\x92\xa1\x7a\xc0"sv}));
  EXPECT_TRUE(column->Equals(FromJson(column->type(), R"([{"x": -300, "y": ["z", null]}])")));
}

TEST(MsgpackDecoder, ReadsColumnsInAnyOrderAndPassesOverUnknownKeys) {
  auto schema = arrow::schema({arrow::field("a", arrow::int32()), arrow::field("b", arrow::int32()),
                               arrow::field("c", arrow::int32())});
  // msgpack.packb({"b": 2, "other": [{"a": 9}, b"x"], 7: 8, "a": 1})
  const std::string_view row =
      "\x84\xa1\x62\x02\xa5\x6f\x74\x68\x65\x72\x92\x81\xa1\x61\x09\xc4\x01\x78\x07\x08\xa1\x61\x01"sv;
  ASSERT_OK_AND_ASSIGN(auto batch, DecodeMsgpackRows(std::vector{row}, schema));
  EXPECT_EQ(batch->column(0)->ToString(), FromJson(arrow::int32(), "[1]")->ToString());
  EXPECT_EQ(batch->column(1)->ToString(), FromJson(arrow::int32(), "[2]")->ToString());
  EXPECT_EQ(batch->column(2)->ToString(), FromJson(arrow::int32(), "[null]")->ToString());
}

struct BadRow {
  std::shared_ptr<arrow::DataType> type;
  std::string_view row;
  std::string_view message;
};

TEST(MsgpackDecoder, RefusesWhatTheColumnCannotHold) {
  const std::vector<BadRow> cases = {
      {arrow::int8(), "\x81\xa1\x63\xcc\x80"sv, "does not fit the column's type: column=c row=1"},
      {arrow::uint64(), "\x81\xa1\x63\xff"sv, "does not fit the column's type: column=c row=1"},
      {arrow::int64(), "\x81\xa1\x63\xcf\xff\xff\xff\xff\xff\xff\xff\xff"sv, "does not fit"},
      {arrow::int32(), "\x81\xa1\x63\xa1\x31"sv, "not an integer: column=c"},
      {arrow::float32(), "\x81\xa1\x63\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"sv, "does not fit"},
      {arrow::utf8(), "\x81\xa1\x63\xc4\x01x"sv, "not a string: column=c"},
      {arrow::utf8(), "\x81\xa1\x63\xa1\xff"sv, "not UTF-8: column=c"},
      {arrow::binary(), "\x81\xa1\x63\xa1x"sv, "not a binary: column=c"},
      {arrow::fixed_size_binary(2), "\x81\xa1\x63\xc4\x01x"sv, "another length"},
      {arrow::fixed_size_list(arrow::int8(), 2), "\x81\xa1\x63\x91\x01"sv, "another length"},
      {arrow::list(arrow::int8()), "\x81\xa1\x63\x92\x01\xc3"sv, "not an integer: column=c[]"},
      {arrow::decimal128(3, 1),
       "\x81\xa1\x63\xa5"
       "123.4"sv,
       "not a decimal"},
      {arrow::decimal128(3, 1),
       "\x81\xa1\x63\xa2"
       "12"sv,
       "not a decimal"},
      {arrow::date32(),
       "\x81\xa1\x63\xaa"
       "2022-02-29"sv,
       "not a date"},
      {arrow::time32(arrow::TimeUnit::SECOND),
       "\x81\xa1\x63\xaf"
       "02:28:20.500000"sv,
       "not a time"},
      {arrow::duration(arrow::TimeUnit::SECOND),
       "\x81\xa1\x63\xa6"
       "PT1.5S"sv,
       "not an ISO 8601"},
      {arrow::int32(), "\x82\xa1\x63\x01\xa1\x63\x02"sv, "the key is there twice: column=c row=1"},
      {arrow::int32(), "\x81\xa1\x63\x01\x01"sv, "bytes behind the row's map: row=1"},
      {arrow::int32(), "\x91\x01"sv, "the row is not a msgpack map: row=1"},
      {arrow::int32(), "\x81\xa1\x63"sv, "the bytes are damaged: column=c row=1"},
      {arrow::int32(), ""sv, "row=1"},
      {arrow::list(arrow::int32()), "\x81\xa1\x63\xdd\xff\xff\xff\xff"sv,
       "damaged: column=c row=1"},
  };
  for (const BadRow& bad : cases) {
    EXPECT_THAT(DecodeColumn(bad.type, {"\x81\xa1\x63\xc0"sv, bad.row}),
                FailsWith(FailureKind::kData, bad.message))
        << bad.type->ToString();
  }
}

TEST(MsgpackDecoder, RefusesAnUnknownValueThatIsTooDeep) {
  const auto nested = [](size_t depth) {
    return "\x81\xa1\x78" + std::string(depth, '\x91') + "\xc0";  // {"x": [[[... nil ...]]]}
  };
  EXPECT_THAT(DecodeColumn(arrow::int32(), {nested(64)}), IsOk());
  EXPECT_THAT(DecodeColumn(arrow::int32(), {nested(65)}),
              FailsWith(FailureKind::kData, "unknown key's value are damaged: row=0"));
}

}  // namespace
}  // namespace ampload::encode
