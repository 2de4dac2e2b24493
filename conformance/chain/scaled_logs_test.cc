#include "conformance/chain/scaled_logs.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "conformance/chain/chain.h"
#include "conformance/chain/columns.h"
#include "matchers.h"

namespace ampload::conformance {
namespace {

Result<std::shared_ptr<arrow::RecordBatch>> FourBlocksOfLogs() {
  const Chain chain({.seed = 5, .first_block = 1000, .txs_per_block = 10});
  ARROW_ASSIGN_OR_RAISE(auto columns, ChainColumns::Make());
  for (uint64_t n = 1000; n < 1004; ++n) ARROW_RETURN_NOT_OK(columns->Append(chain.BlockAt(n)));
  ARROW_ASSIGN_OR_RAISE(auto batches, columns->Finish());
  return batches.logs;
}

const arrow::UInt64Array& Numbers(const arrow::RecordBatch& logs, const std::string& column) {
  return static_cast<const arrow::UInt64Array&>(*logs.GetColumnByName(column));
}

std::set<std::string> Hashes(const arrow::RecordBatch& logs, const std::string& column) {
  const auto& array =
      static_cast<const arrow::FixedSizeBinaryArray&>(*logs.GetColumnByName(column));
  std::set<std::string> hashes;
  for (int64_t i = 0; i < array.length(); ++i) hashes.insert(array.GetString(i));
  return hashes;
}

TEST(CopyOfLogs, NumberZeroIsTheOriginal) {
  ASSERT_OK_AND_ASSIGN(auto logs, FourBlocksOfLogs());
  ASSERT_OK_AND_ASSIGN(auto copy, CopyOfLogs(*logs, 0));
  EXPECT_TRUE(copy->Equals(*logs));
}

TEST(CopyOfLogs, HasBlocksAndHashesOfItsOwn) {
  ASSERT_OK_AND_ASSIGN(auto logs, FourBlocksOfLogs());
  ASSERT_OK_AND_ASSIGN(auto one, CopyOfLogs(*logs, 1));
  ASSERT_OK_AND_ASSIGN(auto two, CopyOfLogs(*logs, 2));
  for (const char* column : {"block_num", "_block_num"}) {
    const auto& original = Numbers(*logs, column);
    const uint64_t span = original.Value(original.length() - 1) - original.Value(0) + 1;
    for (int64_t i = 0; i < original.length(); ++i) {
      ASSERT_EQ(Numbers(*one, column).Value(i), original.Value(i) + span);
      ASSERT_EQ(Numbers(*two, column).Value(i), original.Value(i) + 2 * span);
    }
  }
  for (const char* column : {"block_hash", "tx_hash"}) {
    const auto original = Hashes(*logs, column);
    auto all = original;
    all.merge(Hashes(*one, column));
    all.merge(Hashes(*two, column));
    EXPECT_EQ(all.size(), 3 * original.size()) << column;
  }
}

TEST(CopyOfLogs, KeepsAllElse) {
  ASSERT_OK_AND_ASSIGN(auto logs, FourBlocksOfLogs());
  ASSERT_OK_AND_ASSIGN(auto copy, CopyOfLogs(*logs, 9));
  EXPECT_THAT(copy->ValidateFull(), IsOk());
  for (const char* column : {"timestamp", "tx_index", "log_index", "address", "topic0", "data"}) {
    EXPECT_TRUE(copy->GetColumnByName(column)->Equals(logs->GetColumnByName(column))) << column;
  }
}

TEST(CopyOfLogs, RefusesRowsThatAreNoLogs) {
  ASSERT_OK_AND_ASSIGN(auto logs, FourBlocksOfLogs());
  ASSERT_OK_AND_ASSIGN(auto without, logs->RemoveColumn(4));
  EXPECT_THAT(CopyOfLogs(*without, 1), FailsWith(FailureKind::kData, "missing column=tx_hash"));
}

TEST(CopyOfLogs, RefusesBlocksThatDescend) {
  ASSERT_OK_AND_ASSIGN(auto logs, FourBlocksOfLogs());
  ASSERT_OK_AND_ASSIGN(auto last_first,
                       arrow::ConcatenateRecordBatches({logs->Slice(logs->num_rows() - 1), logs}));
  EXPECT_THAT(CopyOfLogs(*last_first, 1), FailsWith(FailureKind::kData, "row=1"));
}

}  // namespace
}  // namespace ampload::conformance
