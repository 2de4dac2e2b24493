#include "conformance/chain/chain.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>

#include <string>

#include "base/sha256.h"
#include "conformance/chain/columns.h"
#include "conformance/chain/schemas.h"
#include "matchers.h"

namespace ampload::conformance {
namespace {

Result<ChainColumns::Batches> FirstBlocks(uint64_t seed, uint64_t blocks) {
  const Chain chain({.seed = seed, .first_block = 100, .txs_per_block = 6});
  ARROW_ASSIGN_OR_RAISE(auto columns, ChainColumns::Make());
  for (uint64_t i = 0; i < blocks; ++i) {
    ARROW_RETURN_NOT_OK(columns->Append(chain.BlockAt(100 + i)));
  }
  return columns->Finish();
}

// The sha256 of a batch as an Arrow IPC stream.
std::string DigestOf(const std::shared_ptr<arrow::RecordBatch>& batch) {
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = arrow::ipc::MakeStreamWriter(sink, batch->schema()).ValueOrDie();
  EXPECT_THAT(writer->WriteRecordBatch(*batch), IsOk());
  EXPECT_THAT(writer->Close(), IsOk());
  return base::Sha256Hex(std::string_view(*sink->Finish().ValueOrDie()));
}

// Made by: build/dev/conformance/test_chain --gtest_filter=Chain.IsTheSameOnEveryMachine
// which prints the digests it found. They change when the generator does: then every stored figure
// that counts generated rows is out of date.
TEST(Chain, IsTheSameOnEveryMachine) {
  ASSERT_OK_AND_ASSIGN(auto batches, FirstBlocks(7, 16));
  EXPECT_EQ(DigestOf(batches.blocks),
            "966993119cae65662f693e6a0e1c50da33c3bc88eb4809e8e17b45b1e8aabef3");
  EXPECT_EQ(DigestOf(batches.transactions),
            "712f8f482c8dc718ba1c0804d246feb6fb210b1641bde26421674e83fdcd22d1");
  EXPECT_EQ(DigestOf(batches.logs),
            "3905f7e8877a5f416eec7d29c56586addef2f8fcc7075d191c2f42a64bb38dac");
}

TEST(Chain, OfAnotherSeedIsAnotherChain) {
  EXPECT_NE(Chain({.seed = 1}).HashOf(5), Chain({.seed = 2}).HashOf(5));
  ASSERT_OK_AND_ASSIGN(auto one, FirstBlocks(1, 4));
  ASSERT_OK_AND_ASSIGN(auto two, FirstBlocks(2, 4));
  EXPECT_NE(DigestOf(one.transactions), DigestOf(two.transactions));
}

TEST(Chain, LinksEachBlockToItsParent) {
  const Chain chain({.seed = 3, .first_block = 0});
  EXPECT_EQ(chain.BlockAt(0).parent_hash, Hash{});
  for (uint64_t n = 1; n < 20; ++n) {
    EXPECT_EQ(chain.BlockAt(n).parent_hash, chain.BlockAt(n - 1).hash) << n;
    EXPECT_GT(chain.BlockAt(n).timestamp_ns, chain.BlockAt(n - 1).timestamp_ns) << n;
  }
}

TEST(Chain, GivesValidColumnsOfTheServersSchemas) {
  ASSERT_OK_AND_ASSIGN(auto batches, FirstBlocks(1, 40));
  EXPECT_THAT(batches.blocks->ValidateFull(), IsOk());
  EXPECT_THAT(batches.transactions->ValidateFull(), IsOk());
  EXPECT_THAT(batches.logs->ValidateFull(), IsOk());
  EXPECT_TRUE(batches.blocks->schema()->Equals(*BlocksSchema()));
  EXPECT_TRUE(batches.transactions->schema()->Equals(*TransactionsSchema()));
  EXPECT_TRUE(batches.logs->schema()->Equals(*LogsSchema()));
  for (const auto& batch : {batches.blocks, batches.transactions, batches.logs}) {
    for (int i = 0; i < batch->num_columns(); ++i) {
      const auto& field = batch->schema()->field(i);
      if (!field->nullable()) {
        EXPECT_EQ(batch->column(i)->null_count(), 0) << field->name();
      }
    }
  }
}

// What the tests of loaders count on finding in a hundred blocks.
TEST(Chain, HoldsEveryShapeThatRealRowsHave) {
  const Chain chain({.seed = 1});
  bool creation = false, empty_input = false, no_topics = false, four_topics = false;
  bool empty_list = false, filled_list = false, no_list = false, no_keys = false, blobs = false;
  bool authorizations = false, huge_value = false, high_nonce = false, failed = false;
  bool empty_block = false, widest_fee = false;
  for (uint64_t n = 0; n < 100; ++n) {
    const Block block = chain.BlockAt(19'000'000 + n);
    high_nonce |= block.nonce > 1ULL << 63;
    empty_block |= block.transactions.empty();
    for (const Transaction& tx : block.transactions) {
      creation |= !tx.to.has_value();
      empty_input |= tx.input.empty();
      failed |= !tx.succeeded;
      huge_value |= DigitsOf(tx.value).size() > 77;
      widest_fee |= tx.max_fee_per_gas == arrow::Decimal128(std::string(38, '9'));
      no_list |= !tx.access_list.has_value();
      empty_list |= tx.access_list && tx.access_list->empty();
      filled_list |= tx.access_list && !tx.access_list->empty();
      if (tx.access_list) {
        for (const auto& entry : *tx.access_list) no_keys |= entry.storage_keys.empty();
      }
      blobs |= tx.blob_versioned_hashes.has_value();
      authorizations |= tx.authorization_list && !tx.authorization_list->empty();
      for (const Log& log : tx.logs) {
        no_topics |= log.topics.empty();
        four_topics |= log.topics.size() == 4;
      }
    }
  }
  EXPECT_TRUE(creation && empty_input && failed && empty_block);
  EXPECT_TRUE(no_topics && four_topics);
  EXPECT_TRUE(no_list && empty_list && filled_list && no_keys && blobs && authorizations);
  EXPECT_TRUE(huge_value && high_nonce && widest_fee);
}

TEST(Digits, AreThoseOfTheWholeNumber) {
  Word word{};
  EXPECT_EQ(DigitsOf(word), "0");
  word[31] = 10;
  EXPECT_EQ(DigitsOf(word), "10");
  word = {};
  word[23] = 1;
  EXPECT_EQ(DigitsOf(word), "18446744073709551616");
  word.fill(0xff);
  EXPECT_EQ(DigitsOf(word),
            "115792089237316195423570985008687907853269984665640564039457584007913129639935");
}

}  // namespace
}  // namespace ampload::conformance
