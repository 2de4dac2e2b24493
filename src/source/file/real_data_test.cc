// Real Ethereum rows, where AMPLOAD_REAL_DATA names their folder.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "matchers.h"
#include "source/file/test_files.h"

namespace ampload::source {
namespace {

class RealData : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("AMPLOAD_REAL_DATA");
    if (folder == nullptr) GTEST_SKIP() << "AMPLOAD_REAL_DATA is not set";
    folder_ = folder;
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
};

TEST_F(RealData, HasTheRowsThatPyarrowCounts) {
  const std::map<std::string, int64_t> rows = {
      {"base4_blocks", 4},    {"base4_logs", 377},    {"base4_transactions", 76},
      {"base_calls", 12026},  {"base_logs", 1546},    {"base_transactions", 414},
      {"ethereum_blocks", 1}, {"ethereum_logs", 719}, {"ethereum_transactions", 348},
  };
  for (const auto& [name, count] : rows) {
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({Path(name + ".parquet")})));
    EXPECT_EQ(loaded->num_rows(), count) << name;
  }
}

TEST_F(RealData, LogsOfTwoChainsAreOneLoad) {
  ASSERT_OK_AND_ASSIGN(const auto loaded,
                       Load(Of({Path("{base4,ethereum}_logs.parquet")}, "log_index >= 0")));
  EXPECT_EQ(loaded->num_rows(), 377 + 719);
}

TEST_F(RealData, BlocksOfTwoChainsAreExplained) {
  EXPECT_THAT(Load(Of({Path("{base4,ethereum}_blocks.parquet")})),
              FailsWith(FailureKind::kData, "column total_difficulty: only in"));
}

TEST_F(RealData, AFilterKeepsTheTransfersOfErc20) {
  // keccak256("Transfer(address,address,uint256)")
  const std::string transfer =
      "topic0 = 0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
  const auto count = [this](const std::string& where) {
    return Load(Of({Path("ethereum_logs.parquet")}, where)).ValueOrDie()->num_rows();
  };
  EXPECT_GT(count(transfer), 0);
  EXPECT_EQ(count(transfer) + count("not " + transfer) + count("topic0 is null"), 719);
}

}  // namespace
}  // namespace ampload::source
