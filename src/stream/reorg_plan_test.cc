#include "stream/reorg_plan.h"

#include <gtest/gtest.h>

#include "matchers.h"
#include "stream/ranges_for_test.h"

namespace ampload::stream {
namespace {

Checkpoint Committed(std::vector<LadderEntry> ladder, uint64_t highest = 40) {
  Checkpoint checkpoint;
  checkpoint.table = "logs";
  checkpoint.pipeline = "p";
  checkpoint.ladder = std::move(ladder);
  checkpoint.highest_end = {{"mainnet", BlockNumber{highest}}, {"base", BlockNumber{highest}}};
  return checkpoint;
}

std::string Text(const ReorgPlan& plan) {
  std::string text;
  for (const auto id : plan.undo) text += "undo " + std::to_string(id.value()) + " ";
  for (const auto id : plan.drop) text += "drop " + std::to_string(id.value()) + " ";
  return text + (plan.reconnect ? "reconnect" : "stay");
}

std::string Plan(const Checkpoint& checkpoint, const std::vector<LadderEntry>& waiting,
                 const BlockRange& incoming) {
  const auto plan =
      PlanReorg(checkpoint, waiting, {incoming}, {{incoming.network, incoming.start}}, 128);
  return plan.ok() ? Text(*plan) : plan.status().ToString();
}

const std::vector<LadderEntry> kThree = {Entry(1, {Range(0, 10)}), Entry(2, {Range(11, 20)}),
                                         Entry(3, {Range(21, 30)})};

TEST(ReorgPlan, AtABatchsEdgeStays) {
  EXPECT_EQ(Plan(Committed(kThree), {}, Range(21, 33, "b")), "undo 3 stay");
}

TEST(ReorgPlan, InsideABatchReconnects) {
  EXPECT_EQ(Plan(Committed(kThree), {}, Range(25, 33, "b", "a")), "undo 3 reconnect");
  EXPECT_EQ(Plan(Committed(kThree), {}, Range(15, 33, "b", "a")), "undo 2 undo 3 reconnect");
}

TEST(ReorgPlan, AtAnEdgeWhoseParentIsAnotherBlockReconnects) {
  EXPECT_EQ(Plan(Committed(kThree), {}, Range(21, 33, "b", "b")), "undo 3 reconnect");
}

TEST(ReorgPlan, DropsWhatWaitsAndKeepsWhatWaitsBelow) {
  const std::vector<LadderEntry> waiting = {Entry(4, {Range(31, 35)}), Entry(5, {Range(36, 40)})};
  EXPECT_EQ(Plan(Committed(kThree), waiting, Range(36, 41, "b")), "drop 5 stay");
  EXPECT_EQ(Plan(Committed(kThree), waiting, Range(33, 41, "b")), "drop 4 drop 5 reconnect");
  EXPECT_EQ(Plan(Committed(kThree), waiting, Range(21, 41, "b")), "undo 3 drop 4 drop 5 stay");
}

TEST(ReorgPlan, InsideAMicrobatchThatWasNotWholeReconnects) {
  EXPECT_EQ(Plan(Committed(kThree), {}, Range(33, 41, "b")), "reconnect");
  EXPECT_EQ(Plan(Committed(kThree), {}, Range(31, 41, "b")), "stay");
}

TEST(ReorgPlan, MayTakeEverythingBeforeThereIsAnAnchor) {
  EXPECT_EQ(Plan(Committed(kThree), {}, Range(3, 41, "b")), "undo 1 undo 2 undo 3 reconnect");
}

TEST(ReorgPlan, TwoNetworksTouchedReconnect) {
  const auto checkpoint =
      Committed({Entry(1, {Range(0, 10), OnBase(0, 5)}), Entry(2, {Range(11, 20), OnBase(6, 9)})});
  ASSERT_OK_AND_ASSIGN(const auto plan,
                       PlanReorg(checkpoint, {}, {OnBase(6, 9), Range(11, 20, "b")},
                                 {{"mainnet", BlockNumber{11}}, {"base", BlockNumber{6}}}, 128));
  EXPECT_EQ(Text(plan), "undo 2 reconnect");
}

TEST(ReorgPlan, LeavesBatchesWithoutTheNetwork) {
  const auto checkpoint = Committed({Entry(1, {Range(0, 10)}), Entry(2, {OnBase(0, 5)}),
                                     Entry(3, {Range(11, 20)}), Entry(4, {OnBase(6, 9)})});
  EXPECT_EQ(Plan(checkpoint, {}, Range(11, 20, "b")), "undo 3 stay");
}

TEST(ReorgPlan, BelowTheAnchorNamesTheBlock) {
  const auto checkpoint =
      Committed({Entry(7, {Range(60, 70)}), Entry(8, {Range(71, 199)})}, /*highest=*/199);
  EXPECT_EQ(Plan(checkpoint, {}, Range(71, 201, "b")), "undo 8 stay");
  EXPECT_THAT(PlanReorg(checkpoint, {}, {Range(65, 201, "b")}, {{"mainnet", BlockNumber{65}}}, 128),
              FailsWith(FailureKind::kPermanent, "block 70 of mainnet is final here"));
}

}  // namespace
}  // namespace ampload::stream
