#include "loader/identifier.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

using arrow::field;
using arrow::schema;

std::string Fingerprint(const std::shared_ptr<arrow::DataType>& type) {
  return SchemaFingerprint(*schema({field("a", type)}));
}

TEST(TableName, MayBeAnyShortUtf8Text) {
  EXPECT_THAT(CheckTableName("logs"), IsOk());
  EXPECT_THAT(CheckTableName("a b/\xC3\xA9"), IsOk());
  EXPECT_THAT(CheckTableName(std::string(255, 'a')), IsOk());
}

TEST(TableName, RefusesWhatNoStoreCanName) {
  EXPECT_THAT(CheckTableName(""), FailsWith(FailureKind::kConfiguration, "empty"));
  EXPECT_THAT(CheckTableName(std::string_view("a\0b", 3)),
              FailsWith(FailureKind::kConfiguration, "NUL"));
  EXPECT_THAT(CheckTableName("\xff"), FailsWith(FailureKind::kConfiguration, "UTF-8"));
  EXPECT_THAT(CheckTableName(std::string(256, 'a')),
              FailsWith(FailureKind::kConfiguration, "length=256"));
}

TEST(ColumnNames, AreAllNamedWhenTheyStandTwice) {
  const auto i = arrow::int32();
  EXPECT_THAT(CheckColumnNames(*schema({field("a", i), field("A", i)})), IsOk());
  EXPECT_THAT(CheckColumnNames(*schema({field("b", i), field("a", i), field("b", i), field("a", i),
                                        field("a", i), field("c", i)})),
              FailsWith(FailureKind::kData, "columns=a, b"));
  EXPECT_THAT(CheckColumnNames(*schema({field("a", i), field("", i)})),
              FailsWith(FailureKind::kData, "no name: name it: position=2"));
}

TEST(Keys, MustBeColumnsNamedOnce) {
  const auto columns =
      schema({field("block_num", arrow::uint64()), field("tx_index", arrow::int32())});
  EXPECT_THAT(CheckKeys(*columns, {}), IsOk());
  EXPECT_THAT(CheckKeys(*columns, {"tx_index", "block_num"}), IsOk());
  EXPECT_THAT(CheckKeys(*columns, {"block_nun"}),
              FailsWith(FailureKind::kConfiguration,
                        "did you mean block_num?: column=block_nun columns=block_num, tx_index"));
  EXPECT_THAT(CheckKeys(*columns, {"tx_index", "tx_index"}),
              FailsWith(FailureKind::kConfiguration, "twice: name it once: key=tx_index"));
}

TEST(SchemaFingerprint, IgnoresMetadataAndTheInnerNamesOfLists) {
  const auto metadata = arrow::key_value_metadata({"k"}, {"v"});
  const auto plain = schema({field("a", arrow::int32())});
  EXPECT_EQ(SchemaFingerprint(*plain), SchemaFingerprint(*plain->WithMetadata(metadata)));
  EXPECT_EQ(SchemaFingerprint(*plain),
            SchemaFingerprint(*schema({field("a", arrow::int32(), true, metadata)})));
  EXPECT_EQ(Fingerprint(arrow::list(field("item", arrow::utf8()))),
            Fingerprint(arrow::list(field("element", arrow::utf8()))));
  EXPECT_EQ(SchemaFingerprint(*plain).size(), 64U);
}

TEST(SchemaFingerprint, SeesEveryNameTypeAndNullability) {
  const std::vector<std::shared_ptr<arrow::DataType>> types = {
      arrow::int32(),
      arrow::uint32(),
      arrow::decimal128(38, 0),
      arrow::decimal128(38, 1),
      arrow::decimal256(38, 0),
      arrow::fixed_size_binary(20),
      arrow::fixed_size_binary(32),
      arrow::timestamp(arrow::TimeUnit::NANO),
      arrow::timestamp(arrow::TimeUnit::NANO, "UTC"),
      arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
      arrow::list(arrow::int32()),
      arrow::large_list(arrow::int32()),
      arrow::list(field("item", arrow::int32(), false)),
      arrow::fixed_size_list(arrow::int32(), 2),
      arrow::fixed_size_list(arrow::int32(), 3),
      arrow::struct_({field("x", arrow::int32())}),
      arrow::struct_({field("y", arrow::int32())}),
      arrow::struct_({field("x", arrow::int32(), false)}),
      arrow::map(arrow::utf8(), arrow::int32()),
      arrow::map(arrow::utf8(), arrow::int32(), true),
      arrow::map(arrow::utf8(), arrow::int64()),
      arrow::dictionary(arrow::int32(), arrow::utf8()),
      arrow::dictionary(arrow::int8(), arrow::utf8()),
      arrow::dictionary(arrow::int32(), arrow::utf8(), true),
      arrow::dense_union({field("x", arrow::int32())}, {3}),
      arrow::dense_union({field("x", arrow::int32())}, {4}),
  };
  std::set<std::string> all;
  for (const auto& type : types) all.insert(Fingerprint(type));
  EXPECT_EQ(all.size(), types.size());
  const auto a = schema({field("a", arrow::int32())});
  EXPECT_NE(SchemaFingerprint(*a), SchemaFingerprint(*schema({field("b", arrow::int32())})));
  EXPECT_NE(SchemaFingerprint(*a), SchemaFingerprint(*schema({field("a", arrow::int32(), false)})));
}

TEST(SchemaFingerprint, IsNotFooledByNamesThatLookLikeTypes) {
  EXPECT_NE(SchemaFingerprint(*schema({field("a", arrow::int32()), field("b", arrow::int32())})),
            SchemaFingerprint(*schema({field("a?(5:int325:int32)1:b", arrow::int32())})));
}

}  // namespace
}  // namespace ampload
