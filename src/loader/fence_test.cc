#include "loader/fence.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

constexpr const char* kWhere = ": table=logs";

Checkpoint Mine() {
  Checkpoint mine;
  mine.table = "logs";
  mine.pipeline = "p";
  mine.owner = "me";
  mine.epoch = Epoch{4};
  mine.sequence = 7;
  mine.slot = 3;
  mine.store_handle = "process 1";
  return mine;
}

Checkpoint Anothers(int64_t epoch) {
  auto now = Mine();
  now.owner = "another";
  now.epoch = Epoch{epoch};
  now.store_handle = "process 2";
  return now;
}

Checkpoint AtSequence(int64_t sequence) {
  auto now = Mine();
  now.sequence = sequence;
  return now;
}

Status Checked(const std::optional<Checkpoint>& now, std::optional<CommitOutcome>* refusal) {
  return CheckFence("redis", "the server", Mine(), now, kWhere, refusal);
}

std::string Conflicting(const std::optional<Checkpoint>& now) {
  std::optional<CommitOutcome> refusal;
  const Status status = Checked(now, &refusal);
  EXPECT_THAT(status, FailsWith(FailureKind::kConflict,
                                "redis: the pipeline's checkpoint is not what this session wrote: "
                                "table=logs pipeline=p"));
  EXPECT_EQ(StoreCodeOf(status), "");
  const auto* conflict = refusal.has_value() ? std::get_if<Conflict>(&*refusal) : nullptr;
  return conflict == nullptr ? "no conflict" : conflict->why;
}

TEST(Fence, HoldsWhileTheCheckpointIsTheSessionsOwn) {
  std::optional<CommitOutcome> refusal = Conflict{"of the commit before"};
  EXPECT_THAT(Checked(Mine(), &refusal), IsOk());
  EXPECT_FALSE(refusal.has_value());
}

TEST(Fence, IsLostToASessionThatTookOver) {
  for (const int64_t epoch : {4, 5}) {
    std::optional<CommitOutcome> refusal;
    const Status status = Checked(Anothers(epoch), &refusal);
    EXPECT_THAT(status, FailsWith(FailureKind::kConflict,
                                  "redis: another process took over this pipeline; stop: "
                                  "table=logs pipeline=p by=process 2"));
    EXPECT_EQ(StoreCodeOf(status), "FENCED");
    ASSERT_TRUE(refusal.has_value() && std::holds_alternative<Fenced>(*refusal));
    EXPECT_EQ(std::get<Fenced>(*refusal).by, "process 2");
  }
}

TEST(Fence, IsNotOfAStoreThatWentBack) {
  EXPECT_EQ(Conflicting(Anothers(3)), "the server went back to an older state");
  EXPECT_EQ(Conflicting(AtSequence(6)), "the server went back to an older state");
  EXPECT_EQ(Conflicting(AtSequence(8)), "the server went back to an older state");
  auto older = Mine();
  older.epoch = Epoch{3};
  EXPECT_EQ(Conflicting(older), "the server went back to an older state");
  EXPECT_EQ(Conflicting(std::nullopt), "the checkpoint is gone");
}

TEST(Fence, TellsACommitFromWhatDidNotTakeEffect) {
  const auto found = [](const Checkpoint& now) {
    return CompareWithFence("redis", Mine(), now, kWhere).ValueOrDie();
  };
  EXPECT_EQ(found(Mine()), RecoverFinding::kNotCommitted);
  EXPECT_EQ(found(AtSequence(8)), RecoverFinding::kCommitted);
  EXPECT_EQ(found(AtSequence(6)), RecoverFinding::kWentBack);
  EXPECT_EQ(found(Anothers(4)), RecoverFinding::kFenced);
  EXPECT_EQ(found(Anothers(5)), RecoverFinding::kFenced);
  EXPECT_THAT(CompareWithFence("redis", Mine(), Anothers(3), kWhere),
              FailsWith(FailureKind::kPermanent,
                        "redis: the store went back to a state before this session's take-over; "
                        "start again: table=logs pipeline=p"));
}

TEST(Fence, StaysTheSessionsOwnThroughACommit) {
  Checkpoint engines;
  engines.owner = "nobody";
  engines.sequence = 100;
  engines.rows_total = 12;
  const auto next = UnderFence(engines, Mine(), "uuid");
  EXPECT_EQ(next.table, "logs");
  EXPECT_EQ(next.pipeline, "p");
  EXPECT_EQ(next.owner, "me");
  EXPECT_EQ(next.epoch, Epoch{4});
  EXPECT_EQ(next.sequence, 8);
  EXPECT_EQ(next.slot, 3);
  EXPECT_EQ(next.store_handle, "process 1");
  EXPECT_EQ(next.table_identity, "uuid");
  EXPECT_EQ(next.rows_total, 12);
}

}  // namespace
}  // namespace ampload
