#include "conformance/amp/chain_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "matchers.h"

namespace ampload::conformance {
namespace {

template <class Array>
const Array& Column(const arrow::RecordBatch& batch, const char* name) {
  return static_cast<const Array&>(*batch.GetColumnByName(name));
}

std::vector<ChainBlock> All(const ModelChain& chain) {
  const auto blocks = chain.Blocks(chain.first(), *chain.head());
  return {blocks.begin(), blocks.end()};
}

TEST(ModelChain, IsLinkedFromItsFirstBlockOn) {
  ModelChain chain("main", 100, 7);
  EXPECT_EQ(chain.head(), std::nullopt);
  chain.Mine(5);
  EXPECT_EQ(chain.head(), 104);
  for (uint64_t number = 101; number <= 104; ++number) {
    EXPECT_EQ(chain.ParentHashAt(number), chain.HashAt(number - 1));
    EXPECT_EQ(chain.HashAt(number).size(), 66U);
  }
  EXPECT_NE(chain.ParentHashAt(100), kNoBlockHash);
  ModelChain from_genesis("main", 0, 7);
  from_genesis.Mine(1);
  EXPECT_EQ(from_genesis.ParentHashAt(0), kNoBlockHash);
}

TEST(ModelChain, IsTheSameHoweverItsBlocksWereMined) {
  ModelChain once("main", 0, 7);
  once.Mine(5);
  ModelChain twice("main", 0, 7);
  twice.Mine(2);
  twice.Mine(3);
  EXPECT_EQ(All(once), All(twice));
  ModelChain other("main", 0, 8);
  other.Mine(5);
  ModelChain elsewhere("side", 0, 7);
  elsewhere.Mine(5);
  EXPECT_NE(once.HashAt(4), other.HashAt(4));
  EXPECT_NE(once.HashAt(4), elsewhere.HashAt(4));
}

TEST(ModelChain, ReplacesItsNewestBlocks) {
  ModelChain chain("main", 0, 7);
  chain.Mine(10);
  const auto before = All(chain);
  ASSERT_THAT(chain.Reorg(3, 5), IsOk());
  EXPECT_EQ(chain.head(), 11);
  for (uint64_t number = 0; number < 7; ++number) {
    EXPECT_EQ(chain.BlockAt(number), before[number]);
  }
  EXPECT_EQ(chain.ParentHashAt(7), before[6].hash);
  for (uint64_t number = 7; number < 10; ++number) {
    EXPECT_NE(chain.HashAt(number), before[number].hash);
  }
  EXPECT_THAT(chain.Reorg(12, 1), FailsWith(FailureKind::kData, "leave the first block"));
  EXPECT_EQ(chain.head(), 11);
}

TEST(ModelChain, NeverMakesAHashTwice) {
  ModelChain chain("main", 0, 7);
  chain.Mine(10);
  std::set<std::string> hashes;
  for (const auto& block : All(chain)) hashes.insert(block.hash);
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(chain.Reorg(4, 4), IsOk());
    for (uint64_t number = 6; number < 10; ++number) {
      EXPECT_TRUE(hashes.insert(chain.HashAt(number)).second);
    }
  }
}

//   0 .. 9    ─ 7' 8' 9'     ─ 8" 9"
TEST(ModelChain, FindsTheForkOfABlockThatItTookBack) {
  ModelChain chain("main", 0, 7);
  chain.Mine(10);
  const std::string first_nine = chain.HashAt(9);
  ASSERT_THAT(chain.Reorg(3, 3), IsOk());
  const std::string second_nine = chain.HashAt(9);
  ASSERT_THAT(chain.Reorg(2, 2), IsOk());
  EXPECT_EQ(chain.ForkOf(9, chain.HashAt(9)), 9);
  EXPECT_EQ(chain.ForkOf(3, chain.HashAt(3)), 3);
  EXPECT_EQ(chain.ForkOf(9, second_nine), 7);
  EXPECT_EQ(chain.ForkOf(9, first_nine), 6);
  EXPECT_EQ(chain.ForkOf(8, first_nine), std::nullopt);
  EXPECT_EQ(chain.ForkOf(9, "0x11"), std::nullopt);
}

TEST(ModelChain, KnowsTheParentOfItsFirstBlock) {
  ModelChain chain("main", 50, 7);
  chain.Mine(3);
  EXPECT_EQ(chain.ForkOf(49, chain.ParentHashAt(50)), 49);
  EXPECT_EQ(chain.ForkOf(48, chain.ParentHashAt(50)), std::nullopt);
}

TEST(ModelChain, TakesBlocksAsTheyWereRecorded) {
  const std::vector<ChainBlock> recorded = {
      {"main", 5, "0x05", "0x04"}, {"main", 6, "0x06", "0x05"}, {"main", 7, "0x07", "0x06"}};
  ModelChain chain("main", 5, 1);
  ASSERT_THAT(chain.Append(recorded), IsOk());
  EXPECT_EQ(All(chain), recorded);
  const std::vector<ChainBlock> other = {{"main", 6, "0x16", "0x05"}};
  ASSERT_THAT(chain.Append(other), IsOk());
  EXPECT_EQ(chain.head(), 6);
  EXPECT_EQ(chain.ForkOf(7, "0x07"), 5);
  chain.Mine(1);
  EXPECT_EQ(chain.ParentHashAt(7), "0x16");

  const std::vector<ChainBlock> loose = {{"main", 8, "0x08", "0x07"}};
  EXPECT_THAT(chain.Append(loose), FailsWith(FailureKind::kData, "not linked"));
  const std::vector<ChainBlock> ahead = {{"main", 10, "0x10", "0x09"}};
  EXPECT_THAT(chain.Append(ahead), FailsWith(FailureKind::kData, "does not go on"));
}

TEST(MadeUpRows, AreNamedByNetworkBlockAndIndexOnOneStateOfTheChain) {
  ModelChain chain("main", 0, 7);
  chain.Mine(200);
  ASSERT_OK_AND_ASSIGN(const auto rows,
                       chain.rows()->RowsOf(chain.Blocks(0, 199), /*order_seed=*/0));
  std::set<std::pair<uint64_t, int32_t>> keys;
  std::set<uint64_t> sizes;
  for (int64_t i = 0; i < rows->num_rows(); ++i) {
    const uint64_t number = Column<arrow::UInt64Array>(*rows, "block_num").Value(i);
    EXPECT_TRUE(
        keys.emplace(number, Column<arrow::Int32Array>(*rows, "log_index").Value(i)).second);
    const auto hash = Column<arrow::FixedSizeBinaryArray>(*rows, "block_hash").GetView(i);
    EXPECT_EQ("0x" + base::ToHex(hash), chain.HashAt(number));
  }
  for (uint64_t number = 0; number < 200; ++number) {
    sizes.insert(static_cast<uint64_t>(std::count_if(
        keys.begin(), keys.end(), [&](const auto& key) { return key.first == number; })));
  }
  EXPECT_EQ(sizes, (std::set<uint64_t>{0, 1, 2, 3, 4, 5}));
}

TEST(MadeUpRows, OfAReplacedBlockAreOthers) {
  const MadeUpRows rows({.most_rows = 3, .exactly = true});
  const std::vector<ChainBlock> one = {{"main", 5, std::string("0x") + std::string(64, 'a'), ""}};
  const std::vector<ChainBlock> two = {{"main", 5, std::string("0x") + std::string(64, 'b'), ""}};
  ASSERT_OK_AND_ASSIGN(const auto first, rows.RowsOf(one, 0));
  ASSERT_OK_AND_ASSIGN(const auto second, rows.RowsOf(two, 0));
  ASSERT_EQ(first->num_rows(), 3);
  EXPECT_TRUE(first->GetColumnByName("log_index")->Equals(second->GetColumnByName("log_index")));
  EXPECT_FALSE(first->GetColumnByName("value")->Equals(second->GetColumnByName("value")));
}

TEST(MadeUpRows, KeepTheirValuesInAnotherOrder) {
  const MadeUpRows rows({.most_rows = 50, .exactly = true});
  ModelChain chain("main", 0, 7);
  chain.Mine(1);
  using Row = std::tuple<int32_t, int64_t, std::string>;
  const auto read = [&](uint64_t order_seed) {
    const auto batch = rows.RowsOf(chain.Blocks(0, 0), order_seed).ValueOrDie();
    std::vector<Row> out;
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      out.emplace_back(Column<arrow::Int32Array>(*batch, "log_index").Value(i),
                       Column<arrow::Int64Array>(*batch, "value").Value(i),
                       Column<arrow::StringArray>(*batch, "text").GetString(i));
    }
    return out;
  };
  const auto natural = read(0);
  auto shuffled = read(3);
  EXPECT_NE(natural, shuffled);
  EXPECT_EQ(read(3), shuffled);
  EXPECT_NE(read(4), shuffled);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(natural, shuffled);
}

TEST(MadeUpRows, CanBeAsLargeAsAsked) {
  const MadeUpRows rows({.most_rows = 2, .exactly = true, .text_bytes = 1000});
  ModelChain chain("main", 0, 7);
  chain.Mine(1);
  ASSERT_OK_AND_ASSIGN(const auto batch, rows.RowsOf(chain.Blocks(0, 0), 0));
  EXPECT_EQ(Column<arrow::StringArray>(*batch, "text").GetView(1).size(), 1000U);
}

TEST(MadeUpRows, MayHaveOneMoreColumn) {
  const MadeUpRows rows({.extra_column = "more"});
  ModelChain chain("main", 0, 7);
  chain.Mine(5);
  ASSERT_OK_AND_ASSIGN(const auto batch, rows.RowsOf(chain.Blocks(0, 4), 0));
  EXPECT_THAT(batch->ValidateFull(), IsOk());
  EXPECT_EQ(batch->schema()->field(6)->name(), "more");
  ASSERT_OK_AND_ASSIGN(const auto without, MadeUpRows({}).RowsOf(chain.Blocks(0, 4), 0));
  EXPECT_TRUE(batch->SelectColumns({0, 1, 2, 3, 4, 5}).ValueOrDie()->Equals(*without));
}

TEST(CanonicalRows, AreThoseOfTheBlocksUpToANumber) {
  ModelChain chain("main", 10, 7, std::make_shared<HeaderRows>());
  ASSERT_OK_AND_ASSIGN(const auto none, chain.CanonicalRows());
  EXPECT_EQ(none->num_rows(), 0);
  chain.Mine(10);
  const auto count = [&](std::optional<uint64_t> up_to) {
    return chain.CanonicalRows(up_to).ValueOrDie()->num_rows();
  };
  EXPECT_EQ(count(std::nullopt), 10);
  EXPECT_EQ(count(12), 3);
  EXPECT_EQ(count(9), 0);
  EXPECT_EQ(count(1000), 10);
}

TEST(CanonicalRows, OfSeveralChainsComeByNumber) {
  const auto rows =
      std::make_shared<MadeUpRows>(MadeUpRowsOptions{.most_rows = 1, .exactly = true});
  ModelChain one("one", 0, 7, rows);
  ModelChain two("two", 1, 7, rows);
  one.Mine(3);
  two.Mine(3);
  const std::vector<const ModelChain*> chains = {&one, &two};
  ASSERT_OK_AND_ASSIGN(const auto table, CanonicalRows(chains));
  ASSERT_OK_AND_ASSIGN(const auto batch, table->CombineChunksToBatch());
  std::string seen;
  for (int64_t i = 0; i < batch->num_rows(); ++i) {
    seen += std::to_string(Column<arrow::UInt64Array>(*batch, "block_num").Value(i)) +
            Column<arrow::StringArray>(*batch, "network").GetString(i) + ' ';
  }
  EXPECT_EQ(seen, "0one 1one 1two 2one 2two 3two ");
}

}  // namespace
}  // namespace ampload::conformance
