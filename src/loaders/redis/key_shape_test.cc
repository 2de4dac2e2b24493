#include "loaders/redis/key_shape.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "loaders/redis/catalog.h"
#include "matchers.h"

namespace ampload::redis {
namespace {

KeyShape ShapeOf(const std::string& pattern,
                 encode::BinaryText binary = encode::BinaryText::kBytes) {
  TableRecord record;
  record.key_pattern = pattern;
  record.binary = binary;
  record.schema = arrow::schema(
      {arrow::field("u", arrow::uint64()), arrow::field("i", arrow::int32()),
       arrow::field("s", arrow::utf8()), arrow::field("f", arrow::fixed_size_binary(2))});
  const auto shape = KeyShape::Of("t", record).ValueOrDie();
  // What is kept with a load says the same.
  return KeyShape::Parse(shape.ToText()).ValueOrDie();
}

TEST(KeyShape, OfNumberedRowsIsANumberOrABatchAndANumber) {
  const auto shape = ShapeOf("");
  for (const auto* key : {"t:0", "t:7", "t:1234567890123", "t:55934-0", "t:55934-17"}) {
    EXPECT_TRUE(shape.Matches(key)) << key;
  }
  for (const auto* key : {"t:", "t:01", "t:1:more", "t:settings", "t:1-", "t:1-2-3", "t:-1", "u:1",
                          "t:1-02", "t", ""}) {
    EXPECT_FALSE(shape.Matches(key)) << key;
  }
}

TEST(KeyShape, OfIntegersIsTheirDigits) {
  const auto shape = ShapeOf("{table}:{u}:{i}");
  EXPECT_TRUE(shape.Matches("t:15000000:-3"));
  EXPECT_TRUE(shape.Matches("t:0:0"));
  for (const auto* key : {"t:-1:2", "t:1:2:3", "t:1:", "t:1:2x", "t:1:--2", "t:1:02"}) {
    EXPECT_FALSE(shape.Matches(key)) << key;
  }
}

TEST(KeyShape, OfTextIsAnythingBetweenWhatStandsThere) {
  const auto shape = ShapeOf("{table}:{s}/{u}");
  EXPECT_TRUE(shape.Matches("t:/1"));
  EXPECT_TRUE(shape.Matches("t:a/b/12"));
  EXPECT_FALSE(shape.Matches("t:a/b"));
  EXPECT_FALSE(shape.Matches("t:a/12/"));
}

TEST(KeyShape, OfFixedBinaryIsItsBytesOrHex) {
  EXPECT_TRUE(ShapeOf("{table}:{f}").Matches("t:\xff:"));
  EXPECT_FALSE(ShapeOf("{table}:{f}").Matches("t:abc"));
  const auto hex = ShapeOf("{table}:{f}", encode::BinaryText::kHex);
  EXPECT_TRUE(hex.Matches("t:0x00ff"));
  EXPECT_FALSE(hex.Matches("t:0x00FF"));
  EXPECT_FALSE(hex.Matches("t:0x00f"));
}

TEST(KeyShape, OfNumbersSideBySideMayBeCutAnywhere) {
  const auto shape = ShapeOf("{table}:{u}{i}");
  EXPECT_TRUE(shape.Matches("t:123"));
  EXPECT_TRUE(shape.Matches("t:1-2"));
  EXPECT_FALSE(shape.Matches("t:1"));
}

TEST(KeyShape, RefusesADamagedRecord) {
  for (const auto* text : {"", "[", "[[9,\"\",0]]", "[[0,\"x\",0]]", "[[0]]"}) {
    EXPECT_THAT(KeyShape::Parse(text), FailsWith(FailureKind::kPermanent, "damaged")) << text;
  }
}

}  // namespace
}  // namespace ampload::redis
