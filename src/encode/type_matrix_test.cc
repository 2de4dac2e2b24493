#include "encode/type_matrix.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <set>

#include "matchers.h"

namespace ampload::encode {
namespace {

using testing::HasSubstr;

ColumnPlan PlanOf(const std::string& name, const std::shared_ptr<arrow::DataType>& type,
                  StoreFormat format) {
  return PlanColumns(arrow::Schema({arrow::field(name, type)}), format).front();
}

std::string StoredAs(const std::shared_ptr<arrow::DataType>& type, StoreFormat format) {
  return PlanOf("c", type, format).stored_as;
}

TEST(TypeMatrix, HasOneRowForEveryFamily) {
  std::set<TypeFamily> seen;
  for (const auto& row : TypeMatrix()) EXPECT_TRUE(seen.insert(row.family).second) << row.arrow;
  EXPECT_EQ(static_cast<int>(seen.size()), static_cast<int>(TypeFamily::kUnion) + 1);
}

TEST(TypeMatrix, NamesALossWhereverValuesMayChange) {
  std::set<std::string_view> known;
  for (const auto& loss : NamedLosses()) known.insert(loss.name);
  std::set<std::string_view> used;
  for (const auto& row : TypeMatrix()) {
    for (const auto& cell : row.cells) {
      EXPECT_EQ(cell.fidelity == Fidelity::kLossy, !cell.loss.empty()) << row.arrow;
      EXPECT_EQ(cell.fidelity == Fidelity::kRefused, cell.stored_as.empty()) << row.arrow;
      if (!cell.loss.empty()) used.insert(cell.loss);
    }
  }
  // One that no type has: a store that may lose whole rows.
  EXPECT_EQ(known.erase("eviction"), 1U);
  EXPECT_EQ(used, known);
}

TEST(TypeMatrix, FillsInWhatATypeHas) {
  using F = StoreFormat;
  EXPECT_EQ(StoredAs(arrow::decimal128(38, 7), F::kPostgreSQL), "numeric(38,7)");
  EXPECT_EQ(StoredAs(arrow::decimal256(76, 0), F::kPostgreSQL), "numeric(76,0)");
  EXPECT_EQ(StoredAs(arrow::decimal256(38, 0), F::kDelta), "decimal(38,0)");
  EXPECT_EQ(StoredAs(arrow::decimal256(39, 0), F::kDelta), "string");
  EXPECT_EQ(StoredAs(arrow::decimal128(5, -3), F::kSnowflake), "NUMBER(8,0)");
  EXPECT_EQ(StoredAs(arrow::decimal128(2, 5), F::kSnowflake), "NUMBER(5,5)");
  EXPECT_EQ(StoredAs(arrow::fixed_size_binary(20), F::kIceberg), "fixed(20)");
  EXPECT_EQ(StoredAs(arrow::list(arrow::uint64()), F::kPostgreSQL), "numeric(20,0)[]");
  EXPECT_EQ(StoredAs(arrow::list(arrow::list(arrow::uint64())), F::kPostgreSQL), "jsonb");
  EXPECT_EQ(StoredAs(arrow::map(arrow::utf8(), arrow::int32()), F::kIceberg), "map<string, int>");
  EXPECT_EQ(StoredAs(arrow::struct_({arrow::field("a", arrow::int8()),
                                     arrow::field("b", arrow::list(arrow::date32()))}),
                     F::kDelta),
            "struct<a: byte, b: array<date>>");
  EXPECT_EQ(StoredAs(arrow::dictionary(arrow::int8(), arrow::utf8()), F::kMsgpack), "str");
  EXPECT_EQ(StoredAs(arrow::run_end_encoded(arrow::int16(), arrow::int64()), F::kJson), "number");
}

TEST(TypeMatrix, TakesABlockNumberForAnInteger) {
  const auto pg = StoreFormat::kPostgreSQL;
  EXPECT_EQ(PlanOf("block_num", arrow::uint64(), pg).stored_as, "bigint");
  EXPECT_EQ(PlanOf("_block_num", arrow::uint64(), pg).stored_as, "bigint");
  EXPECT_EQ(PlanOf("nonce", arrow::uint64(), pg).stored_as, "numeric(20,0)");
}

TEST(TypeMatrix, TakesTheWorstOfAColumnsParts) {
  const auto ns = arrow::timestamp(arrow::TimeUnit::NANO, "UTC");
  const auto type = arrow::struct_({arrow::field("at", ns), arrow::field("n", arrow::int8())});
  const auto plan = PlanOf("s", arrow::list(type), StoreFormat::kIceberg);
  EXPECT_EQ(plan.fidelity, Fidelity::kLossy);
  EXPECT_EQ(plan.loss, "timestamp_ns_to_us");
  EXPECT_TRUE(plan.by_value);
  EXPECT_EQ(PlanOf("s", arrow::list(type), StoreFormat::kMsgpack).fidelity, Fidelity::kExact);
}

TEST(TypeMatrix, RefusesAUnionAtAnyDepth) {
  const auto inner = arrow::dense_union({arrow::field("i", arrow::int32())});
  const arrow::Schema schema(
      {arrow::field("good", arrow::int8()), arrow::field("u", arrow::list(inner))});
  for (int format = 0; format < kStoreFormats; ++format) {
    const auto plans = PlanColumns(schema, static_cast<StoreFormat>(format));
    EXPECT_EQ(plans[0].fidelity, Fidelity::kExact);
    EXPECT_EQ(plans[1].fidelity, Fidelity::kRefused);
    EXPECT_THAT(CheckPlan(plans, {}), FailsWith(FailureKind::kData, "--exclude u"));
  }
}

TEST(TypeMatrix, KnowsTheLossesByName) {
  EXPECT_THAT(CheckLossNames({"timestamp_ns_to_us", "time_ns_to_us"}), IsOk());
  EXPECT_THAT(CheckLossNames({"timestamp_ns_to_ms"}),
              FailsWith(FailureKind::kConfiguration, "did you mean timestamp_ns_to_us?"));
}

}  // namespace
}  // namespace ampload::encode
