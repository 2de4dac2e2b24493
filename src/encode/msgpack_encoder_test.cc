#include "encode/msgpack_encoder.h"

#include <arrow/extension/uuid.h>
#include <gtest/gtest.h>

#include "encode/ipc_rows.h"
#include "encode/rows_for_test.h"
#include "matchers.h"

namespace ampload::encode {
namespace {

TEST(MsgpackEncoder, WritesColumnsInSchemaOrder) {
  auto schema =
      arrow::schema({arrow::field("b", arrow::int32()), arrow::field("a", arrow::utf8())});
  auto batch = arrow::RecordBatch::Make(
      schema, 2, {FromJson(arrow::int32(), "[1, 2]"), FromJson(arrow::utf8(), R"(["x", null])")});
  ASSERT_OK_AND_ASSIGN(auto encoder, MsgpackEncoder::Make(schema));
  ASSERT_OK_AND_ASSIGN(auto rows, encoder->Encode(*batch));
  ASSERT_EQ(rows.num_rows(), 2);
  EXPECT_EQ(Hex(rows.row(0)), "82a16201a161a178");  // msgpack.packb({"b": 1, "a": "x"}).hex()
  EXPECT_EQ(Hex(rows.row(1)), "82a16202a161c0");    // msgpack.packb({"b": 2, "a": None}).hex()
}

TEST(MsgpackEncoder, WritesRowsWithoutColumnsAsEmptyMaps) {
  auto schema = arrow::schema({});
  ASSERT_OK_AND_ASSIGN(auto encoder, MsgpackEncoder::Make(schema));
  ASSERT_OK_AND_ASSIGN(auto rows,
                       encoder->Encode(*arrow::RecordBatch::Make(schema, 2, arrow::ArrayVector{})));
  ASSERT_EQ(rows.num_rows(), 2);
  EXPECT_EQ(Hex(rows.row(1)), "80");  // msgpack.packb({}).hex()
}

TEST(MsgpackEncoder, WritesSlicesOfSlices) {
  auto strings = FromJson(arrow::list(arrow::utf8()), R"([["a"], ["b", "c"], null, ["d"], []])");
  ASSERT_OK_AND_ASSIGN(auto rows, EncodeArray(strings->Slice(1)->Slice(0, 3)));
  ASSERT_EQ(rows.num_rows(), 3);
  EXPECT_EQ(Hex(rows.row(0)), "81a16392a162a163");  // msgpack.packb({"c": ["b", "c"]}).hex()
  EXPECT_EQ(Hex(rows.row(1)), "81a163c0");
  EXPECT_EQ(Hex(rows.row(2)), "81a16391a164");
}

TEST(MsgpackEncoder, WritesExtensionTypesAsTheirStorage) {
  auto storage = FromJson(arrow::fixed_size_binary(16), R"(["0123456789abcdef"])");
  auto uuids = arrow::ExtensionType::WrapArray(arrow::extension::uuid(), storage);
  ASSERT_OK_AND_ASSIGN(auto rows, EncodeArray(uuids));
  // msgpack.packb({"c": b"0123456789abcdef"}).hex()
  EXPECT_EQ(Hex(rows.row(0)), "81a163c41030313233343536373839616263646566");
}

TEST(MsgpackEncoder, RefusesUnionsByName) {
  auto schema = arrow::schema(
      {arrow::field("good", arrow::int32()),
       arrow::field("either", arrow::list(arrow::dense_union({arrow::field("i", arrow::int32())}))),
       arrow::field("or", arrow::sparse_union({arrow::field("i", arrow::int32())}))});
  EXPECT_THAT(MsgpackEncoder::Make(schema), FailsWith(FailureKind::kData, "column=either[]"));
  EXPECT_THAT(MsgpackEncoder::Make(schema), FailsWith(FailureKind::kData, "column=or type="));
}

TEST(MsgpackEncoder, RefusesTwoColumnsOfOneName) {
  auto schema =
      arrow::schema({arrow::field("c", arrow::int32()), arrow::field("c", arrow::int32())});
  EXPECT_THAT(MsgpackEncoder::Make(schema),
              FailsWith(FailureKind::kData,
                        "its name is there twice, leave it out with --exclude c: column=c"));
}

TEST(MsgpackEncoder, RefusesTypesNestedTooDeeply) {
  auto type = arrow::int32();
  for (int i = 0; i < 63; ++i) type = arrow::list(type);
  EXPECT_THAT(MsgpackEncoder::Make(arrow::schema({arrow::field("c", type)})), IsOk());
  type = arrow::list(type);
  EXPECT_THAT(MsgpackEncoder::Make(arrow::schema({arrow::field("c", type)})),
              FailsWith(FailureKind::kData,
                        "nested too deeply, leave it out with --exclude c: column=c[]"));
}

struct BadValue {
  std::shared_ptr<arrow::DataType> type;
  std::string json;  // the bad value is in row 2
  std::string message;
};

TEST(MsgpackEncoder, RefusesValuesWithColumnAndRow) {
  using arrow::TimeUnit;
  const std::vector<BadValue> cases = {
      {arrow::date32(), "[0, null, 2932897]",
       "date is not in the years 0000 to 9999: column=c row=2 value=2932897"},
      {arrow::date32(), "[0, null, -719529]", "column=c row=2 value=-719529"},
      {arrow::date64(), "[0, null, 86400001]", "date64 is not a whole day: column=c row=2"},
      {arrow::time32(TimeUnit::SECOND), "[0, 86399, 86400]",
       "time is not within a day: column=c row=2 value=86400"},
      {arrow::time64(TimeUnit::NANO), "[0, 1, -1]", "time is not within a day: column=c row=2"},
      {arrow::timestamp(TimeUnit::SECOND), "[0, 253402300799, 253402300800]",
       "timestamp is not in the years 0000 to 9999: column=c row=2 value=253402300800"},
      {arrow::timestamp(TimeUnit::MICRO, "UTC"), "[0, -62167219200000000, -62167219200000001]",
       "column=c row=2"},
      {arrow::list(arrow::date32()), "[[1, 2], null, [3, 2932897]]",
       "column=c[] row=2 value=2932897"},
      {arrow::struct_({arrow::field("d", arrow::date32())}), R"([{"d": 1}, null, {"d": 2932897}])",
       "column=c.d row=2"},
      {arrow::map(arrow::date32(), arrow::utf8()), R"([[[1, "x"]], null, [[2932897, "x"]]])",
       "column=c.key row=2"},
  };
  for (const BadValue& bad : cases) {
    const auto rows = EncodeArray(FromJson(bad.type, bad.json));
    EXPECT_THAT(rows, FailsWith(FailureKind::kData, bad.message)) << bad.type->ToString();
    EXPECT_EQ(BadRowOf(rows.status()), 2) << bad.type->ToString();
  }
}

TEST(MsgpackEncoder, RefusesStringsThatAreNotUtf8) {
  // Two halves of one character: UTF-8 as a whole, but not apart.
  auto offsets = arrow::Buffer::FromVector(std::vector<int32_t>{0, 1, 2, 3});
  auto halves =
      std::make_shared<arrow::StringArray>(3, offsets, arrow::Buffer::FromString("a\xc3\xa9"));
  EXPECT_THAT(EncodeArray(halves),
              FailsWith(FailureKind::kData, "string is not UTF-8: column=c row=1 length=1"));
}

TEST(MsgpackEncoder, RefusesIndicesOutsideTheDictionary) {
  for (const char* indices : {"[0, 1, 2]", "[0, 1, -1]"}) {
    const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
    auto data = FromJson(arrow::int8(), indices)->data()->Copy();
    data->type = type;
    data->dictionary = FromJson(arrow::utf8(), R"(["a", "b"])")->data();
    EXPECT_THAT(EncodeArray(arrow::MakeArray(data)),
                FailsWith(FailureKind::kData, "index is outside the dictionary: column=c row=2"));
  }
}

TEST(MsgpackEncoder, NamesABadRowByItsPlaceInTheSlice) {
  std::vector<int32_t> days(2000, 0);
  days[1500] = 2932897;
  const auto dates =
      std::make_shared<arrow::Date32Array>(2000, arrow::Buffer::FromVector(std::move(days)));
  const auto rows = EncodeArray(dates->Slice(100));
  EXPECT_THAT(rows, FailsWith(FailureKind::kData, "column=c row=1400"));
  EXPECT_EQ(BadRowOf(rows.status()), 1400);
}

TEST(MsgpackEncoder, BlamesNoRowForAnotherSchema) {
  ASSERT_OK_AND_ASSIGN(auto encoder,
                       MsgpackEncoder::Make(arrow::schema({arrow::field("c", arrow::int8())})));
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("d", arrow::int8())}), 1,
                                              {FromJson(arrow::int8(), "[1]")});
  const auto rows = encoder->Encode(*batch);
  EXPECT_THAT(rows, FailsWith(FailureKind::kData, "another schema"));
  EXPECT_EQ(BadRowOf(rows.status()), std::nullopt);
}

// Arrow's own check does not look into a dictionary.
TEST(MsgpackEncoder, RefusesANullKeyOfAMap) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto keys = arrow::DictionaryArray::FromArrays(type, FromJson(arrow::int8(), "[0, 0, 1]"),
                                                       FromJson(arrow::utf8(), R"(["a", null])"))
                        .ValueOrDie();
  const auto maps =
      std::make_shared<arrow::MapArray>(arrow::map(type, arrow::int8()), 3,
                                        arrow::Buffer::FromVector(std::vector<int32_t>{0, 1, 2, 3}),
                                        keys, FromJson(arrow::int8(), "[1, 2, 3]"));
  const auto rows = EncodeArray(maps);
  EXPECT_THAT(rows, FailsWith(FailureKind::kData, "a map's key is null: column=c.key row=2"));
  EXPECT_EQ(BadRowOf(rows.status()), 2);
  EXPECT_THAT(EncodeArray<JsonEncoder>(maps), FailsWith(FailureKind::kData, "column=c.key row=2"));
  EXPECT_THAT(EncodeArray<IpcRowsEncoder>(maps),
              FailsWith(FailureKind::kData, "arrow_ipc: a map's key is null: column=c.key row=2"));
}

TEST(MsgpackEncoder, IgnoresWhatStandsBehindANull) {
  // The child of a null struct, the elements of a null list: values that would be refused.
  auto dates = FromJson(arrow::date32(), "[1, 2932897]");
  auto nulls = arrow::Buffer::FromString(std::string(1, '\1'));
  auto structs = std::make_shared<arrow::StructArray>(
      arrow::struct_({arrow::field("d", arrow::date32())}), 2, arrow::ArrayVector{dates}, nulls);
  ASSERT_OK_AND_ASSIGN(auto rows, EncodeArray(structs));
  EXPECT_EQ(Hex(rows.row(1)), "81a163c0");
  auto lists = std::make_shared<arrow::ListArray>(
      arrow::list(arrow::date32()), 2, arrow::Buffer::FromVector(std::vector<int32_t>{0, 1, 2}),
      dates, nulls);
  ASSERT_OK_AND_ASSIGN(rows, EncodeArray(lists));
  EXPECT_EQ(Hex(rows.row(1)), "81a163c0");
}

}  // namespace
}  // namespace ampload::encode
