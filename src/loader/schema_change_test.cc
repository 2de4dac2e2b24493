#include "loader/schema_change.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

using arrow::field;

const arrow::Schema& Table() {
  static const arrow::Schema schema({field("id", arrow::uint32(), false),
                                     field("amount", arrow::decimal128(10, 2)),
                                     field("note", arrow::utf8())});
  return schema;
}

SchemaComparison Compare(const arrow::FieldVector& rows,
                         const std::vector<std::string>& keys = {}) {
  return CompareSchemas(Table(), arrow::Schema(rows), keys);
}

TEST(SchemaChange, TakesTheTablesOwnColumnsInAnyOrder) {
  const auto same = Compare({field("note", arrow::utf8()), field("id", arrow::uint32(), false),
                             field("amount", arrow::decimal128(10, 2))});
  EXPECT_TRUE(same.same());
  EXPECT_THAT(CheckComparison(same, SchemaPolicy::kFreeze, "t"), IsOk());
}

TEST(SchemaChange, LeavesOutColumnsThatMayBeNull) {
  EXPECT_TRUE(Compare({field("id", arrow::uint32(), false)}).same());
  EXPECT_THAT(Compare({field("note", arrow::utf8())}).impossible,
              testing::HasSubstr("column id (uint32) is missing in the rows"));
}

TEST(SchemaChange, AddsAndWidensOnlyWhereTheUserLetsIt) {
  const auto grown =
      Compare({field("id", arrow::uint64(), false), field("fee", arrow::int64(), false),
               field("amount", arrow::decimal256(40, 2))});
  EXPECT_THAT(CheckComparison(grown, SchemaPolicy::kEvolve, "t"), IsOk());
  EXPECT_THAT(CheckComparison(grown, SchemaPolicy::kFreeze, "t"),
              FailsWith(FailureKind::kData, "--on-schema-change evolve"));
  const arrow::Schema want({field("id", arrow::uint64(), false),
                            field("amount", arrow::decimal256(40, 2)), field("note", arrow::utf8()),
                            field("fee", arrow::int64())});
  EXPECT_TRUE(grown.evolved->Equals(want)) << grown.evolved->ToString();
  EXPECT_EQ(grown.change.added.size(), 1U);
  EXPECT_EQ(grown.change.widened.size(), 2U);
}

TEST(SchemaChange, KeepsTheTablesTypeForNarrowerRows) {
  const auto narrow = Compare({field("id", arrow::uint8(), false)});
  EXPECT_THAT(CheckComparison(narrow, SchemaPolicy::kEvolve, "t"), IsOk());
  EXPECT_TRUE(narrow.evolved->field(0)->type()->Equals(arrow::uint32()));
}

TEST(SchemaChange, RefusesWhatWouldChangeAValueOrAKey) {
  const auto refused = Compare({field("id", arrow::uint32(), true), field("amount", arrow::int64()),
                                field("note", arrow::binary())});
  EXPECT_THAT(CheckComparison(refused, SchemaPolicy::kEvolve, "t"),
              FailsWith(FailureKind::kData, "column id is never null"));
  EXPECT_THAT(refused.impossible, testing::HasSubstr("column amount is decimal128(10, 2)"));
  EXPECT_THAT(refused.impossible, testing::HasSubstr("column note is string"));
  EXPECT_FALSE(Compare({field("id", arrow::uint64(), false)}, {"id"}).impossible.empty());
}

TEST(SchemaChange, KeepsTheTypeOfFloatsWhereTheirDigitsAreStored) {
  const arrow::Schema table({field("f", arrow::float32()), field("n", arrow::int8())});
  const auto check = [&](const std::shared_ptr<arrow::Field>& row) {
    return CheckFloatsKeepTheirType(table, arrow::Schema({row}), "t");
  };
  EXPECT_THAT(check(field("f", arrow::float32())), IsOk());
  EXPECT_THAT(check(field("n", arrow::int64())), IsOk());
  EXPECT_THAT(check(field("new", arrow::float64())), IsOk());
  EXPECT_THAT(check(field("f", arrow::float64())),
              FailsWith(FailureKind::kData,
                        "give --cast f:float: table=t column=f type=float rows=double"));
}

}  // namespace
}  // namespace ampload
