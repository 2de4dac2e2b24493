#include "stream/undo_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "matchers.h"

namespace ampload::stream {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

BlockRange Range(const std::string& network, uint64_t start, uint64_t end) {
  return {network, {start}, {end}, "0x" + std::to_string(end), "0x" + std::to_string(start)};
}
LadderEntry Entry(int64_t batch, std::vector<BlockRange> ranges) {
  return {.batch = BatchId(batch), .rows = batch * 10, .ranges = std::move(ranges)};
}

// The ladder of the header's picture.
std::vector<LadderEntry> Picture() {
  return {Entry(1, {Range("A", 0, 9)}), Entry(2, {Range("A", 10, 19), Range("B", 5, 8)}),
          Entry(3, {Range("B", 9, 12)}), Entry(4, {Range("A", 20, 29)})};
}
Checkpoint PictureCheckpoint() {
  Checkpoint checkpoint;
  checkpoint.table = "logs";
  checkpoint.pipeline = "live";
  checkpoint.ladder = Picture();
  checkpoint.rows_total = 100;  // all of them
  checkpoint.highest_end = {{"A", {29}}, {"B", {12}}};
  checkpoint.last_batch_id = BatchId(4);
  return checkpoint;
}

TEST(UndoSet, TakesBatchesThatShareANetworkWithALostOne) {
  EXPECT_THAT(UndoSet(Picture(), {"A", {15}}), ElementsAre(BatchId(2), BatchId(3), BatchId(4)));
}

TEST(UndoSet, LeavesTheOtherNetworkAloneWhereNoBatchHasBoth) {
  EXPECT_THAT(UndoSet(Picture(), {"A", {20}}), ElementsAre(BatchId(4)));
  EXPECT_THAT(UndoSet(Picture(), {"B", {9}}), ElementsAre(BatchId(3)));
}

TEST(UndoSet, IsEmptyAboveTheLadderAndForAnUnknownNetwork) {
  EXPECT_THAT(UndoSet(Picture(), {"A", {30}}), IsEmpty());
  EXPECT_THAT(UndoSet(Picture(), {"C", {0}}), IsEmpty());
  EXPECT_THAT(UndoSet({}, {"A", {0}}), IsEmpty());
}

TEST(UndoSet, BlockNumbersUpToTheLargestAreCompared) {
  const std::vector<LadderEntry> ladder = {Entry(1, {Range("A", UINT64_MAX - 1, UINT64_MAX)})};
  EXPECT_THAT(UndoSet(ladder, {"A", {UINT64_MAX}}), ElementsAre(BatchId(1)));
}

TEST(UndoSet, AFinalBatchIsNotTakenBack) {
  // With 10 blocks of retention, A up to 19 and B up to 2 are final: of the batches, 1.
  const auto checkpoint = PictureCheckpoint();
  ASSERT_OK_AND_ASSIGN(const auto undone, FindUndoSet(checkpoint, {"A", {10}}, 10));
  EXPECT_EQ(undone.size(), 3U);
  EXPECT_THAT(FindUndoSet(checkpoint, {"A", {9}}, 10),
              FailsWith(FailureKind::kPermanent, "block 9 of A is final"));
  EXPECT_THAT(FindUndoSet(checkpoint, {"A", {0}}, 10),
              FailsWith(FailureKind::kPermanent, "from_block=0 retention_blocks=10"));
}

TEST(UndoSet, ABatchWithOneRangeThatIsNotFinalMayGo) {
  ASSERT_OK_AND_ASSIGN(const auto undone, FindUndoSet(PictureCheckpoint(), {"A", {19}}, 10));
  EXPECT_TRUE(undone.contains(BatchId(2)));
}

TEST(UndoSet, TheClosureStopsAtTheOtherNetworksAnchorToo) {
  auto checkpoint = PictureCheckpoint();
  checkpoint.highest_end = {{"A", {29}}, {"B", {500}}};
  checkpoint.ladder.push_back(Entry(5, {Range("B", 13, 500), Range("A", 30, 31)}));
  // Undoing 5 takes B back from 13 on only; batch 3 is B's anchor.
  EXPECT_THAT(FindUndoSet(checkpoint, {"A", {30}}, 100), IsOk());
  EXPECT_THAT(FindUndoSet(checkpoint, {"A", {15}}, 100),
              FailsWith(FailureKind::kPermanent, "block 12 of B is final"));
}

TEST(UndoSet, BeforeTheFirstAnchorEverythingMayGo) {
  const auto checkpoint = PictureCheckpoint();
  ASSERT_OK_AND_ASSIGN(const auto undone, FindUndoSet(checkpoint, {"A", {0}}));
  EXPECT_EQ(undone.size(), 4U);
  const auto rest = WithoutBatches(checkpoint, undone);
  EXPECT_TRUE(rest.ladder.empty());
  EXPECT_EQ(rest.source_position, "{}");
  EXPECT_EQ(rest.rows_total, 0);
}

TEST(UndoSet, ANetworksLastPlaceStaysWhereRowsLieBelowIt) {
  auto checkpoint = PictureCheckpoint();
  checkpoint.rows_total += 1;  // of a batch that was final once, with a smaller retention
  EXPECT_THAT(FindUndoSet(checkpoint, {"A", {0}}),
              FailsWith(FailureKind::kPermanent, "block 19 of A is final"));
  EXPECT_THAT(FindUndoSet(checkpoint, {"B", {5}}),
              FailsWith(FailureKind::kPermanent, "block 8 of B is final"));
  EXPECT_THAT(FindUndoSet(checkpoint, {"B", {9}}), IsOk());
  checkpoint.ladder = {Entry(7, {Range("A", 90, 99)})};
  checkpoint.rows_total = 70;
  EXPECT_THAT(FindUndoSet(checkpoint, {"A", {95}}), IsOk());
  checkpoint.rows_total = 71;
  EXPECT_THAT(FindUndoSet(checkpoint, {"A", {95}}),
              FailsWith(FailureKind::kPermanent, "block 99 of A is final"));
}

TEST(UndoSet, WhatRemainsGoesOnBehindEachNetworksNewestKeptBatch) {
  const auto rest = WithoutBatches(PictureCheckpoint(), {BatchId(3), BatchId(4)});
  EXPECT_EQ(rest.source_position,
            R"({"A":{"number":19,"hash":"0x19"},"B":{"number":8,"hash":"0x8"}})");
  EXPECT_EQ(rest.rows_total, 30);
  EXPECT_EQ(rest.last_batch_id, BatchId(4)) << "ids are never given twice";
  EXPECT_EQ(rest.highest_end.at("A").value, 29U) << "never lowered";
}

// Everything in terms of single blocks.
using Block = std::pair<std::string, uint64_t>;

class Brute {
 public:
  static constexpr uint64_t kTop = 90;

  Brute(const Checkpoint& checkpoint, int64_t retention)
      : checkpoint_(checkpoint), retention_(retention) {}

  std::set<Block> LostBlocks(const Invalidation& invalidation) const {
    std::set<Block> lost;
    for (uint64_t block = invalidation.from.value; block <= kTop; ++block) {
      lost.emplace(invalidation.network, block);
    }
    for (size_t before = SIZE_MAX; before != lost.size();) {
      before = lost.size();
      for (const auto& entry : checkpoint_.ladder) {
        if (!Touches(entry, lost)) continue;
        for (const auto& range : entry.ranges) {
          for (uint64_t block = range.start.value; block <= kTop; ++block) {
            lost.emplace(range.network, block);
          }
        }
      }
    }
    return lost;
  }
  static bool Touches(const LadderEntry& entry, const std::set<Block>& lost) {
    for (const auto& range : entry.ranges) {
      for (uint64_t block = range.start.value; block <= range.end.value; ++block) {
        if (lost.contains({range.network, block})) return true;
      }
    }
    return false;
  }
  // At or below the anchor of some network: the last block of its newest final batch is lost.
  bool ReachesAnAnchor(const std::set<Block>& lost) const {
    std::map<std::string, uint64_t> anchors;
    for (const auto& entry : checkpoint_.ladder) {
      bool final = true;
      for (const auto& range : entry.ranges) {
        const auto highest = static_cast<int64_t>(checkpoint_.highest_end.at(range.network).value);
        final = final && static_cast<int64_t>(range.end.value) <= highest - retention_;
      }
      if (!final) continue;
      for (const auto& range : entry.ranges) anchors[range.network] = range.end.value;
    }
    return std::any_of(anchors.begin(), anchors.end(),
                       [&](const auto& anchor) { return lost.contains(anchor); });
  }

 private:
  const Checkpoint& checkpoint_;
  int64_t retention_;
};

class RandomLadder {
 public:
  explicit RandomLadder(uint64_t seed) : random_(seed) {}

  uint64_t Random(uint64_t below) {
    return std::uniform_int_distribution<uint64_t>(0, below - 1)(random_);
  }
  std::vector<LadderEntry> Shuffled(std::vector<LadderEntry> ladder) {
    std::shuffle(ladder.begin(), ladder.end(), random_);
    return ladder;
  }
  std::string Network() { return std::string(1, static_cast<char>('a' + Random(3))); }

  Checkpoint Make() {
    Checkpoint checkpoint;
    std::map<std::string, uint64_t> next = {{"a", Random(5)}, {"b", 0}, {"c", Random(9)}};
    const auto batches = static_cast<int64_t>(Random(12));
    for (int64_t batch = 1; batch <= batches; ++batch) {
      std::set<std::string> networks = {Network()};
      while (Random(3) == 0) networks.insert(Network());
      std::vector<BlockRange> ranges;
      for (const auto& network : networks) {
        const uint64_t end = next[network] + Random(5);
        ranges.push_back(Range(network, next[network], end));
        next[network] = end + 1;
        checkpoint.highest_end[network] = {end + (Random(4) == 0 ? Random(15) : 0)};
      }
      checkpoint.ladder.push_back(Entry(batch, std::move(ranges)));
      checkpoint.rows_total += batch * 10;
    }
    return checkpoint;
  }

 private:
  std::mt19937_64 random_;
};

void ExpectRemains(const Checkpoint& checkpoint, const BatchIdSet& undone) {
  const auto rest = WithoutBatches(checkpoint, undone);
  std::map<std::string, uint64_t> newest;
  int64_t rows = 0;
  size_t kept = 0;
  for (const auto& entry : checkpoint.ladder) {
    if (undone.contains(entry.batch)) continue;
    ASSERT_LT(kept, rest.ladder.size());
    EXPECT_EQ(rest.ladder[kept++], entry);
    rows += entry.rows;
    for (const auto& range : entry.ranges) {
      newest[range.network] = std::max(newest[range.network], range.end.value);
    }
  }
  EXPECT_EQ(rest.ladder.size(), kept);
  EXPECT_EQ(rest.rows_total, rows);
  EXPECT_EQ(rest.highest_end, checkpoint.highest_end);
  const auto position = nlohmann::json::parse(rest.source_position);
  EXPECT_EQ(position.size(), newest.size());
  for (const auto& [network, end] : newest) {
    EXPECT_EQ(position[network]["number"], end);
    EXPECT_EQ(position[network]["hash"], "0x" + std::to_string(end));
  }
}

TEST(UndoSet, AgreesWithSingleBlocksForTenThousandSeeds) {
  int refused = 0;
  int closures = 0;
  for (uint64_t seed = 1; seed <= 10'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomLadder random(seed);
    const auto checkpoint = random.Make();
    const Invalidation invalidation{random.Network(), {random.Random(45)}};
    const auto retention = static_cast<int64_t>(random.Random(16));
    const Brute brute(checkpoint, retention);
    const auto lost = brute.LostBlocks(invalidation);
    BatchIdSet expected;
    for (const auto& entry : checkpoint.ladder) {
      if (Brute::Touches(entry, lost)) expected.insert(entry.batch);
    }
    ASSERT_EQ(UndoSet(checkpoint.ladder, invalidation), expected);
    ASSERT_EQ(UndoSet(random.Shuffled(checkpoint.ladder), invalidation), expected);
    const auto found = FindUndoSet(checkpoint, invalidation, retention);
    ASSERT_EQ(found.ok(), !brute.ReachesAnAnchor(lost));
    refused += found.ok() ? 0 : 1;
    closures += lost.rbegin()->first != lost.begin()->first ? 1 : 0;
    ExpectRemains(checkpoint, expected);
  }
  EXPECT_GT(refused, 500);
  EXPECT_GT(closures, 1000);
}

}  // namespace
}  // namespace ampload::stream
