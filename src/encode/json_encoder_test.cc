// What JSON refuses; what it writes is in json_golden_test.cc.
#include "encode/json_encoder.h"

#include <gtest/gtest.h>

#include "encode/rows_for_test.h"
#include "matchers.h"

namespace ampload::encode {
namespace {

TEST(JsonEncoder, RefusesUnionsByName) {
  auto schema = arrow::schema({arrow::field(
      "either", arrow::list(arrow::dense_union({arrow::field("i", arrow::int32())})))});
  EXPECT_THAT(JsonEncoder::Make(schema),
              FailsWith(FailureKind::kData, "json: columns that cannot be encoded"));
  EXPECT_THAT(JsonEncoder::Make(schema), FailsWith(FailureKind::kData, "column=either[]"));
}

TEST(JsonEncoder, RefusesTwoColumnsOfOneName) {
  auto schema =
      arrow::schema({arrow::field("c", arrow::int32()), arrow::field("c", arrow::int32())});
  EXPECT_THAT(JsonEncoder::Make(schema),
              FailsWith(FailureKind::kData,
                        "its name is there twice, leave it out with --exclude c: column=c"));
}

// Two halves of one character: UTF-8 as a whole, but not apart.
TEST(JsonEncoder, RefusesStringsThatAreNotUtf8WithTheirRow) {
  auto offsets = arrow::Buffer::FromVector(std::vector<int32_t>{0, 1, 2, 3});
  auto halves =
      std::make_shared<arrow::StringArray>(3, offsets, arrow::Buffer::FromString("a\xc3\xa9"));
  const auto rows = EncodeArray<JsonEncoder>(halves);
  EXPECT_THAT(rows,
              FailsWith(FailureKind::kData, "json: string is not UTF-8: column=c row=1 length=1"));
  EXPECT_EQ(BadRowOf(rows.status()), 1);
}

TEST(JsonEncoder, RefusesADateBeyondYear9999WithItsRow) {
  const auto rows = EncodeArray<JsonEncoder>(
      FromJson(arrow::list(arrow::date32()), "[[1, 2], null, [3, 2932897]]"));
  EXPECT_THAT(rows, FailsWith(FailureKind::kData, "column=c[] row=2 value=2932897"));
  EXPECT_EQ(BadRowOf(rows.status()), 2);
}

TEST(JsonEncoder, NamesTheKeyOfAMapThatIsAnArrayOfPairs) {
  const auto rows = EncodeArray<JsonEncoder>(
      FromJson(arrow::map(arrow::date32(), arrow::utf8()), R"([[[1, "x"]], [[2932897, "x"]]])"));
  EXPECT_THAT(rows, FailsWith(FailureKind::kData, "column=c.key row=1"));
}

}  // namespace
}  // namespace ampload::encode
