// A client that knows nothing but the protocol's rule of reorganisations ends with the canonical
// chain, whatever the chain does.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "conformance/amp/chain_model.h"
#include "conformance/amp/stream_producer.h"
#include "conformance/chain/dice.h"
#include "matchers.h"

namespace ampload::conformance {
namespace {

using Rows = std::map<std::pair<uint64_t, int32_t>, std::string>;  // what a row says, by its key

// What a client holds of one network.
struct Held {
  Rows rows;
  std::map<uint64_t, StreamPosition> ends;  // of the completed ranges, by their start
};

class NaiveClient {
 public:
  void Take(const ModelMessage& message) {
    if (message.ranges.empty()) return;
    if (message.ranges != ranges_) {
      ranges_ = message.ranges;
      staged_.clear();
    }
    Stage(*message.rows);
    if (!message.complete) return;
    for (const BlockRange& range : ranges_) {
      Held& held = networks_[range.network];
      const uint64_t start = range.start.value;
      held.rows.erase(held.rows.lower_bound({start, 0}), held.rows.end());
      held.ends.erase(held.ends.lower_bound(start), held.ends.end());
      // A range that reached over the start is cut off there; nobody can stand at its end any more.
      std::erase_if(held.ends, [&](const auto& end) { return end.second.number >= range.start; });
      held.ends[start] = {range.end, range.hash};
      held.rows.merge(staged_[range.network]);
    }
    ranges_.clear();
    staged_.clear();
  }

  // What it would resume with: on every network a range that it completed, the same number of
  // ranges ago; empty where one has none.
  StreamCursor CursorBack(size_t ranges) {
    StreamCursor cursor;
    for (auto& [network, held] : networks_) {
      if (held.ends.size() <= ranges) return {};
      cursor[network] = std::next(held.ends.rbegin(), static_cast<int64_t>(ranges))->second;
    }
    return cursor;
  }

  void Disconnect() {
    ranges_.clear();
    staged_.clear();
  }

  const Rows& RowsOf(const std::string& network) { return networks_[network].rows; }

 private:
  void Stage(const arrow::RecordBatch& rows) {
    const auto& numbers = static_cast<const arrow::UInt64Array&>(*rows.column(0));
    const auto& indexes = static_cast<const arrow::Int32Array&>(*rows.column(1));
    const auto& networks = static_cast<const arrow::StringArray&>(*rows.column(2));
    const auto& hashes = static_cast<const arrow::FixedSizeBinaryArray&>(*rows.column(3));
    for (int64_t i = 0; i < rows.num_rows(); ++i) {
      Rows& staged = staged_[networks.GetString(i)];
      EXPECT_TRUE(staged
                      .emplace(std::pair(numbers.Value(i), indexes.Value(i)),
                               "0x" + base::ToHex(hashes.GetView(i)))
                      .second)
          << "a row came twice in one microbatch";
    }
  }

  std::vector<BlockRange> ranges_;
  std::map<std::string, Rows> staged_;
  std::map<std::string, Held> networks_;
};

// The keys and hashes that the chain's rows have now.
Rows Canonical(const ModelChain& chain) {
  const auto table = chain.CanonicalRows().ValueOrDie();
  const auto batch = table->CombineChunksToBatch().ValueOrDie();
  Rows rows;
  const auto& numbers = static_cast<const arrow::UInt64Array&>(*batch->column(0));
  const auto& indexes = static_cast<const arrow::Int32Array&>(*batch->column(1));
  for (int64_t i = 0; i < batch->num_rows(); ++i) {
    rows[{numbers.Value(i), indexes.Value(i)}] = chain.HashAt(numbers.Value(i));
  }
  return rows;
}

void PlayOneScenario(uint64_t seed) {
  Dice dice(seed);
  std::vector<std::unique_ptr<ModelChain>> chains;
  std::vector<const ModelChain*> seen;
  const auto rows = std::make_shared<MadeUpRows>(MadeUpRowsOptions{.seed = seed, .most_rows = 3});
  for (uint64_t i = 0; i < dice.Between(1, 3); ++i) {
    const uint64_t first = dice.OneIn(2) ? 0 : dice.Below(1000);
    chains.push_back(std::make_unique<ModelChain>("net" + std::to_string(i), first, seed, rows));
    chains.back()->Mine(dice.Between(1, 30));
    seen.push_back(chains.back().get());
  }
  NaiveClient client;
  std::unique_ptr<StreamProducer> producer;
  const auto connect = [&](const StreamCursor& cursor) {
    const ProducerOptions options = {.max_blocks = dice.Between(1, 12),
                                     .row_messages = dice.Between(1, 4),
                                     .leading_empty = dice.OneIn(2),
                                     .keep_alives = dice.OneIn(2),
                                     .rows_on_completion = dice.OneIn(2),
                                     .break_off = dice.OneIn(2),
                                     .order_seed = dice.Below(3)};
    producer = StreamProducer::Make(seen, cursor, options).ValueOrDie();
  };
  connect({});
  const auto step = [&] {
    auto& chain = *chains[dice.Below(chains.size())];
    const uint64_t blocks = *chain.head() - chain.first() + 1;
    const uint64_t what = dice.Below(10);
    if (what < 2) chain.Mine(dice.Between(1, 10));
    if (what == 2 && blocks > 1) {
      const uint64_t depth = dice.Between(1, std::min<uint64_t>(blocks - 1, 15));
      ASSERT_THAT(chain.Reorg(depth, dice.Below(depth + 4)), IsOk());
    }
    if (what == 3 && dice.OneIn(3)) {
      client.Disconnect();
      connect(client.CursorBack(dice.Below(4)));
    }
    if (what <= 3) return;
    if (const auto message = producer->Next().ValueOrDie()) client.Take(*message);
  };
  for (int i = 0; i < 150; ++i) step();
  for (const auto& chain : chains) chain->Mine(20);
  // The heads are not reached together: chains that were told to the end grow, as every microbatch
  // needs a block of each, until the others were, too.
  bool all = false;
  for (int i = 0; i < 2000 && !all; ++i) {
    if (const auto message = producer->Next().ValueOrDie()) {
      client.Take(*message);
      continue;
    }
    std::vector<ModelChain*> told;
    for (const auto& chain : chains) {
      if (client.RowsOf(chain->network()) == Canonical(*chain)) told.push_back(chain.get());
    }
    all = told.size() == chains.size();
    if (all) break;
    for (ModelChain* chain : told) chain->Mine(1);
    ASSERT_FALSE(told.empty()) << "the stream waits, and no chain is as it should be";
  }
  EXPECT_TRUE(all);
}

TEST(NaiveClient, EndsWithTheCanonicalChain) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    PlayOneScenario(seed);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ampload::conformance
