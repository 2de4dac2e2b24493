// Four hash-linked blocks of Base, where AMPLOAD_REAL_DATA names their folder.
#include "conformance/amp/real_rows.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "base/hex.h"
#include "conformance/amp/chain_model.h"
#include "matchers.h"

namespace ampload::conformance {
namespace {

class RealRows : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("AMPLOAD_REAL_DATA");
    if (folder == nullptr) GTEST_SKIP() << "AMPLOAD_REAL_DATA is not set";
    folder_ = folder;
  }

  std::unique_ptr<ModelChain> Chain(const std::string& table) {
    auto real = ReadRealBlocks(folder_, "base4", table, "base").ValueOrDie();
    auto chain = std::make_unique<ModelChain>("base", real.blocks.front().number, 1, real.rows);
    EXPECT_THAT(chain->Append(real.blocks), IsOk());
    return chain;
  }

  std::string folder_;
};

int64_t RowsUpTo(const ModelChain& chain, std::optional<uint64_t> up_to = {}) {
  return chain.CanonicalRows(up_to).ValueOrDie()->num_rows();
}

TEST_F(RealRows, StandInTheBlocksThatTheyWereIn) {
  const auto chain = Chain("logs");
  EXPECT_EQ(chain->first(), 1'962'302U);
  EXPECT_EQ(chain->head(), 1'962'305U);
  EXPECT_EQ(RowsUpTo(*chain), 377);
  EXPECT_EQ(RowsUpTo(*Chain("transactions")), 76);
  EXPECT_EQ(RowsUpTo(*Chain("blocks")), 4);
  const auto rows = chain->rows()->RowsOf(chain->Blocks(1'962'303, 1'962'303), 0).ValueOrDie();
  ASSERT_GT(rows->num_rows(), 0);
  const auto hashes = rows->GetColumnByName("block_hash");
  EXPECT_EQ("0x" + base::ToHex(static_cast<const arrow::FixedSizeBinaryArray&>(*hashes).GetView(0)),
            chain->HashAt(1'962'303));
}

TEST_F(RealRows, OfAReplacedBlockDifferOnlyInItsHash) {
  const auto chain = Chain("logs");
  const auto before = chain->CanonicalRows().ValueOrDie();
  ASSERT_THAT(chain->Reorg(3, 3), IsOk());
  const auto after = chain->CanonicalRows().ValueOrDie();
  ASSERT_EQ(after->num_rows(), before->num_rows());
  const int64_t kept = RowsUpTo(*chain, 1'962'302);
  EXPECT_TRUE(before->Slice(0, kept)->Equals(*after->Slice(0, kept)));
  for (const auto& field : before->schema()->fields()) {
    EXPECT_EQ(before->GetColumnByName(field->name())->Equals(after->GetColumnByName(field->name())),
              field->name() != "block_hash")
        << field->name();
  }
}

TEST_F(RealRows, GoOnBehindTheLastBlockWithNumbersOfTheirOwn) {
  const auto chain = Chain("blocks");
  chain->Mine(2);
  const auto rows = chain->CanonicalRows().ValueOrDie()->CombineChunksToBatch().ValueOrDie();
  ASSERT_EQ(rows->num_rows(), 6);
  for (const char* name : {"block_num", "_block_num"}) {
    const auto numbers = rows->GetColumnByName(name);
    EXPECT_EQ(static_cast<const arrow::UInt64Array&>(*numbers).Value(5), 1'962'307U);
  }
  const auto parents = rows->GetColumnByName("parent_hash");
  const auto hashes = rows->GetColumnByName("hash");
  for (int64_t i = 1; i < 6; ++i) {
    EXPECT_EQ(static_cast<const arrow::FixedSizeBinaryArray&>(*parents).GetView(i),
              static_cast<const arrow::FixedSizeBinaryArray&>(*hashes).GetView(i - 1));
  }
}

TEST_F(RealRows, NeedNoFileOfBlocks) {
  ASSERT_OK_AND_ASSIGN(const auto real, ReadRealBlocks(folder_, "base", "logs", "base"));
  ASSERT_EQ(real.blocks.size(), 1U);
  EXPECT_EQ(real.blocks[0].number, 33'411'770U);
  EXPECT_THAT(ReadRealBlocks(folder_, "nowhere", "logs", "base"), ::testing::Not(IsOk()));
}

}  // namespace
}  // namespace ampload::conformance
