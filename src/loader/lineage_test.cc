#include "loader/lineage.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

std::shared_ptr<arrow::RecordBatch> Rows(int64_t count) {
  arrow::Int32Builder values;
  for (int64_t i = 0; i < count; ++i) EXPECT_TRUE(values.Append(static_cast<int32_t>(i)).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int32())}), count,
                                  {values.Finish().ValueOrDie()});
}

TEST(Lineage, EveryRowCarriesItsBatch) {
  const auto rows = Rows(3);
  ASSERT_OK_AND_ASSIGN(const auto schema, WithLineage(*rows->schema(), false));
  EXPECT_EQ(schema->field_names(), (std::vector<std::string>{"n", "_amp_batch_id"}));
  ASSERT_OK_AND_ASSIGN(const auto batch, AddLineage(*rows, schema, BatchId(77), ""));
  ASSERT_TRUE(batch->ValidateFull().ok());
  EXPECT_EQ(batch->column(1)->ToString(), "[\n  77,\n  77,\n  77\n]");
}

TEST(Lineage, TheBlocksOfTheBatchWhereAskedFor) {
  const auto rows = Rows(1);
  ASSERT_OK_AND_ASSIGN(const auto schema, WithLineage(*rows->schema(), true));
  const auto json =
      BlockRangesJson({{"mainnet", BlockNumber{10}, BlockNumber{UINT64_MAX}, "0xab", "0xcd"}});
  ASSERT_OK_AND_ASSIGN(const auto batch, AddLineage(*rows, schema, BatchId(77), json));
  ASSERT_TRUE(batch->ValidateFull().ok());
  const auto& column = static_cast<const arrow::StringArray&>(*batch->column(2));
  EXPECT_EQ(column.GetString(0), R"([{"network":"mainnet","start":10,"end":18446744073709551615,)"
                                 R"("hash":"0xab","prev_hash":"0xcd"}])");
}

TEST(Lineage, RefusesRowsThatHaveSuchAColumn) {
  const auto rows = arrow::schema({arrow::field("_amp_batch_id", arrow::utf8())});
  EXPECT_THAT(WithLineage(*rows, false),
              FailsWith(FailureKind::kConfiguration, "column=_amp_batch_id"));
}

}  // namespace
}  // namespace ampload
