#include "source/file/schema_union.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload::source {
namespace {

using arrow::field;
using arrow::schema;

Result<std::shared_ptr<arrow::Schema>> Unite(std::vector<std::shared_ptr<arrow::Schema>> schemas) {
  std::vector<FileSchema> files;
  char name = 'a';
  for (auto& one : schemas) files.push_back({std::string(1, name++) + ".parquet", std::move(one)});
  return UniteSchemas(files);
}

TEST(SchemaUnion, IsNullableWhereOneFileIs) {
  ASSERT_OK_AND_ASSIGN(const auto united, Unite({schema({field("x", arrow::int64(), false)}),
                                                 schema({field("x", arrow::int64(), true)})}));
  EXPECT_TRUE(united->field(0)->nullable());
  ASSERT_OK_AND_ASSIGN(const auto strict, Unite({schema({field("x", arrow::int64(), false)}),
                                                 schema({field("x", arrow::int64(), false)})}));
  EXPECT_FALSE(strict->field(0)->nullable());
}

TEST(SchemaUnion, IsNullableAtEveryDepth) {
  const auto type = [](const char* item, bool nullable) {
    return arrow::list(field(
        item, arrow::struct_({field("a", arrow::fixed_size_binary(20), nullable)}), nullable));
  };
  ASSERT_OK_AND_ASSIGN(const auto united, Unite({schema({field("x", type("element", false))}),
                                                 schema({field("x", type("item", true))})}));
  EXPECT_TRUE(united->field(0)->type()->Equals(*type("element", true), true));
}

TEST(SchemaUnion, LeavesMetadataOut) {
  const auto metadata = arrow::key_value_metadata({"PARQUET:field_id"}, {"7"});
  const auto named = field("x", arrow::int64(), true, metadata);
  ASSERT_OK_AND_ASSIGN(const auto united, Unite({schema({named}, metadata)}));
  EXPECT_FALSE(united->HasMetadata());
  EXPECT_FALSE(united->field(0)->HasMetadata());
}

TEST(SchemaUnion, ExplainsEachColumnThatDiffers) {
  const auto united = Unite({schema({field("same", arrow::int8()), field("gone", arrow::utf8()),
                                     field("t", arrow::timestamp(arrow::TimeUnit::NANO, "UTC"))}),
                             schema({field("same", arrow::int8()),
                                     field("t", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                                     field("new", arrow::decimal128(38, 0))})});
  EXPECT_THAT(united, FailsWith(FailureKind::kData,
                                "column gone: only in a.parquet (string), missing in b.parquet"));
  EXPECT_THAT(united,
              FailsWith(FailureKind::kData,
                        "column new: only in b.parquet (decimal128(38, 0)), missing in a.parquet"));
  EXPECT_THAT(united, FailsWith(FailureKind::kData,
                                "column t: timestamp[ns, tz=UTC] in a.parquet, timestamp[us, "
                                "tz=UTC] in b.parquet"));
  EXPECT_EQ(united.status().message().find("column same"), std::string::npos);
}

TEST(SchemaUnion, ExplainsAnotherOrder) {
  EXPECT_THAT(Unite({schema({field("x", arrow::int8()), field("y", arrow::int8())}),
                     schema({field("y", arrow::int8()), field("x", arrow::int8())})}),
              FailsWith(FailureKind::kData, "column x: number 1 in a.parquet, number 2 in b"));
}

TEST(SchemaUnion, TellsInnerTypesApart) {
  const auto with = [](const auto& type) { return schema({field("x", type)}); };
  const auto refused = [&](const auto& a, const auto& b) {
    EXPECT_THAT(Unite({with(a), with(b)}), FailsWith(FailureKind::kData, "column x:"))
        << a->ToString() << " " << b->ToString();
  };
  refused(arrow::list(arrow::int8()), arrow::list(arrow::int16()));
  refused(arrow::struct_({field("a", arrow::int8())}), arrow::struct_({field("b", arrow::int8())}));
  refused(arrow::fixed_size_list(arrow::int8(), 2), arrow::fixed_size_list(arrow::int8(), 3));
  refused(arrow::fixed_size_binary(20), arrow::fixed_size_binary(32));
  refused(arrow::decimal128(38, 0), arrow::decimal128(38, 1));
  refused(arrow::map(arrow::utf8(), arrow::int8()), arrow::map(arrow::utf8(), arrow::int16()));
  refused(arrow::dictionary(arrow::int32(), arrow::utf8()), arrow::utf8());
}

TEST(SchemaUnion, RefusesTwoColumnsOfOneName) {
  EXPECT_THAT(Unite({schema({field("x", arrow::int8()), field("x", arrow::int8())})}),
              FailsWith(FailureKind::kData, "column=x path=a.parquet"));
}

TEST(SchemaUnion, RefusesAFileWithoutColumns) {
  EXPECT_THAT(Unite({schema({})}), FailsWith(FailureKind::kData, "no columns: path=a.parquet"));
}

}  // namespace
}  // namespace ampload::source
