#include "stream/ladder.h"

#include <gtest/gtest.h>

#include "matchers.h"
#include "stream/ranges_for_test.h"

namespace ampload::stream {
namespace {

std::vector<int64_t> Ids(const std::vector<LadderEntry>& ladder) {
  std::vector<int64_t> ids;
  for (const auto& entry : ladder) ids.push_back(entry.batch.value());
  return ids;
}
using List = std::vector<int64_t>;

TEST(Ladder, TheCursorIsTheNewestEndOfEachNetwork) {
  const auto cursor = CursorAt({Entry(1, {Range(0, 9), OnBase(0, 3)}), Entry(2, {Range(10, 19)})});
  EXPECT_EQ(cursor, (StreamCursor{{"mainnet", {BlockNumber{19}, HashOf(19)}},
                                  {"base", {BlockNumber{3}, HashOf(3)}}}));
  EXPECT_TRUE(CursorAt({}).empty());
}

TEST(Ladder, KeepsWhatIsNotFinalAndTheNewestFinalOneAsAnAnchor) {
  const std::vector<LadderEntry> ladder = {Entry(1, {Range(0, 9)}), Entry(2, {Range(10, 19)}),
                                           Entry(3, {Range(20, 29)}), Entry(4, {Range(30, 39)})};
  const auto highest = [](uint64_t block) {
    return std::map<std::string, BlockNumber>{{"mainnet", BlockNumber{block}}};
  };
  EXPECT_EQ(Ids(TrimLadder(ladder, highest(39), 10)), (List{3, 4}));
  EXPECT_EQ(Ids(TrimLadder(ladder, highest(39), 11)), (List{2, 3, 4}));
  EXPECT_EQ(Ids(TrimLadder(ladder, highest(39), 0)), (List{4}));
  EXPECT_EQ(Ids(TrimLadder(ladder, highest(39), 1000)), (List{1, 2, 3, 4}));
  EXPECT_EQ(Ids(TrimLadder(ladder, highest(5000), 128)), (List{4}));
}

TEST(Ladder, EachNetworkHasItsAnchor) {
  const std::vector<LadderEntry> ladder = {Entry(1, {OnBase(0, 9)}), Entry(2, {OnBase(10, 19)}),
                                           Entry(3, {Range(0, 9)}), Entry(4, {Range(10, 19)})};
  EXPECT_EQ(
      Ids(TrimLadder(ladder, {{"mainnet", BlockNumber{500}}, {"base", BlockNumber{500}}}, 100)),
      (List{2, 4}));
}

TEST(Ladder, ABatchIsFinalWhenAllItsRangesAre) {
  const std::vector<LadderEntry> ladder = {Entry(1, {Range(0, 9), OnBase(0, 9)}),
                                           Entry(2, {Range(10, 500), OnBase(10, 11)}),
                                           Entry(3, {Range(501, 900), OnBase(12, 13)})};
  EXPECT_EQ(
      Ids(TrimLadder(ladder, {{"mainnet", BlockNumber{900}}, {"base", BlockNumber{13}}}, 100)),
      (List{1, 2, 3}));
}

TEST(Ladder, CommitsAddRowsAndNeverLowerWhatOnlyGrows) {
  Checkpoint checkpoint;
  checkpoint.rows_total = 5;
  checkpoint.highest_end = {{"mainnet", BlockNumber{50}}};
  checkpoint.last_batch_id = BatchId(3);
  checkpoint =
      WithBatches(checkpoint, {Entry(4, {Range(10, 19)}, 7), Entry(6, {Range(20, 29)}, 8)}, 128);
  EXPECT_EQ(checkpoint.rows_total, 20);
  EXPECT_EQ(checkpoint.last_batch_id, BatchId(6));
  EXPECT_EQ(checkpoint.highest_end.at("mainnet"), BlockNumber{50});
  EXPECT_EQ(Ids(checkpoint.ladder), (List{4, 6}));
  EXPECT_EQ(checkpoint.source_position, R"({"mainnet":{"number":29,"hash":"0xa29"}})");
  checkpoint = WithBatches(checkpoint, {Entry(7, {Range(30, 60)}, 0)}, 128);
  EXPECT_EQ(checkpoint.highest_end.at("mainnet"), BlockNumber{60});
}

TEST(Ladder, OneThatNoStreamLeftIsDamaged) {
  Checkpoint good = WithBatches({}, {Entry(1, {Range(0, 9)}), Entry(2, {Range(10, 19)})}, 128);
  EXPECT_THAT(CheckLadder(good), IsOk());
  EXPECT_THAT(CheckLadder(WithBatches({}, {}, 128)), IsOk());
  const auto expect_damaged = [&](const std::function<void(Checkpoint&)>& damage,
                                  const std::string& how) {
    Checkpoint checkpoint = good;
    damage(checkpoint);
    EXPECT_THAT(CheckLadder(checkpoint), FailsWith(FailureKind::kPermanent, how));
  };
  expect_damaged([](auto& one) { one.ladder[1].ranges.clear(); }, "no blocks: batch=2");
  expect_damaged([](auto& one) { one.ladder[0].ranges[0].start = BlockNumber{10}; },
                 "ends before it starts: batch=1");
  expect_damaged([](auto& one) { one.ladder[0].ranges[0].hash.clear(); }, "no hash");
  expect_damaged([](auto& one) { one.highest_end.clear(); }, "behind the highest block");
  expect_damaged([](auto& one) { one.ladder.pop_back(); }, "not where its batches end");
  expect_damaged([](auto& one) { one.source_position.clear(); }, "not where its batches end");
}

}  // namespace
}  // namespace ampload::stream
