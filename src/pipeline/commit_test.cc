// What each outcome of a commit makes of a load.
#include "pipeline/commit.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "matchers.h"
#include "memory_loader.h"
#include "memory_source.h"
#include "pipeline/load.h"

namespace ampload::pipeline {
namespace {

using ampload::testing::MemoryLoader;
using ampload::testing::MemoryScript;
using ampload::testing::MemorySource;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using TakeEffect = std::function<void()>;

Recovered Finding(RecoverFinding finding) {
  Recovered recovered;
  recovered.finding = finding;
  return recovered;
}

// A load of six rows in one batch, whose commit answers as the test says.
struct SixRows {
  MemoryScript script{.with_encoder = false};
  std::vector<std::string> after_stage;  // the verbs
  bool visible = false;

  LoadOutcome Load() {
    MemorySource source({.batch_rows = {6}});
    MemoryLoader loader(script);
    LoadRequest request;
    request.table.name = "logs";
    auto outcome = RunLoad(source, loader, request, {});
    const auto verbs = loader.verbs();
    EXPECT_GE(verbs.size(), 3U);
    after_stage.assign(verbs.begin() + 3, verbs.end());
    visible = loader.Rows("logs").has_value();
    EXPECT_THAT(loader.breaches(), ElementsAre());
    EXPECT_EQ(outcome.result.success, outcome.status.ok());
    return outcome;
  }
};

SixRows Answering(const CommitOutcome& outcome, bool takes_effect) {
  SixRows load;
  load.script.on_commit = [=](int64_t, const TakeEffect& take) -> Result<CommitOutcome> {
    if (takes_effect) take();
    return outcome;
  };
  return load;
}

TEST(Commit, OfAllRowsIsASuccess) {
  auto load = Answering(Committed{6}, true);
  const auto outcome = load.Load();
  EXPECT_TRUE(outcome.result.success);
  EXPECT_EQ(outcome.result.rows_loaded, 6);
  EXPECT_THAT(load.after_stage, ElementsAre("commit"));
}

TEST(Commit, OfAnotherNumberOfRowsIsAFailureThatNamesBoth) {
  auto load = Answering(Committed{5}, true);
  const auto outcome = load.Load();
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kPermanent, "staged=6 committed=5"));
  EXPECT_EQ(outcome.result.rows_loaded, 5) << "they stand, so the result counts them";
  EXPECT_THAT(load.after_stage, ElementsAre("commit"));
}

TEST(Commit, ThatFailsIsAborted) {
  SixRows load;
  load.script.on_commit = [](int64_t, const TakeEffect&) -> Result<CommitOutcome> {
    return PermanentError("disk full", "ENOSPC");
  };
  const auto outcome = load.Load();
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kPermanent, "disk full"));
  EXPECT_EQ(outcome.result.rows_loaded, 0);
  EXPECT_THAT(load.after_stage, ElementsAre("commit", "abort"));
}

TEST(Commit, FencedNamesTheOtherAndTouchesTheStoreNoMore) {
  auto load = Answering(Fenced{"process 99 on host b"}, false);
  const auto outcome = load.Load();
  EXPECT_TRUE(outcome.fenced);
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kConflict, "by=process 99 on host b"));
  EXPECT_THAT(load.after_stage, ElementsAre("commit"));
}

TEST(Commit, ConflictSaysThatNothingTookEffect) {
  auto load = Answering(Conflict{"version 7 was written by another"}, false);
  const auto outcome = load.Load();
  EXPECT_FALSE(outcome.fenced);
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kConflict, "nothing was loaded"));
  EXPECT_THAT(outcome.result.error, HasSubstr("version 7"));
  EXPECT_THAT(load.after_stage, ElementsAre("commit"));
}

TEST(UnknownCommit, ThatTookEffectIsASuccess) {
  auto load = Answering(Unknown{"connection reset"}, true);
  const auto outcome = load.Load();
  EXPECT_TRUE(outcome.result.success);
  EXPECT_EQ(outcome.result.rows_loaded, 6);
  EXPECT_THAT(load.after_stage, ElementsAre("commit", "settle"));
}

TEST(UnknownCommit, ThatDidNotTakeEffectIsAborted) {
  auto load = Answering(Unknown{"connection reset"}, false);
  const auto outcome = load.Load();
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kTransient, "nothing was loaded"));
  EXPECT_THAT(outcome.result.error, HasSubstr("connection reset"));
  EXPECT_THAT(load.after_stage, ElementsAre("commit", "settle", "abort"));
}

TEST(UnknownCommit, OfAStoreThatWentBackIsAborted) {
  auto load = Answering(Unknown{"failover"}, false);
  load.script.settle = Finding(RecoverFinding::kWentBack);
  EXPECT_THAT(load.Load().status, FailsWith(FailureKind::kTransient, "nothing was loaded"));
  EXPECT_THAT(load.after_stage, ElementsAre("commit", "settle", "abort"));
}

TEST(UnknownCommit, UnderAnotherOwnerIsFenced) {
  auto load = Answering(Unknown{"connection reset"}, false);
  auto fenced = Finding(RecoverFinding::kFenced);
  fenced.fenced_by = "process 99";
  load.script.settle = fenced;
  const auto outcome = load.Load();
  EXPECT_TRUE(outcome.fenced);
  EXPECT_THAT(outcome.result.error, HasSubstr("by=process 99"));
  EXPECT_THAT(load.after_stage, ElementsAre("commit", "settle"));
}

TEST(UnknownCommit, StaysUnknownWhenTheStoreDoesNotAnswer) {
  auto load = Answering(Unknown{"connection reset"}, true);
  load.script.settle = TransientError("connection refused");
  const auto outcome = load.Load();
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kUnknownOutcome, "commit=connection reset"));
  EXPECT_THAT(outcome.result.error,
              AllOf(HasSubstr("not known whether"), HasSubstr("connection refused")));
  EXPECT_THAT(load.after_stage, ElementsAre("commit", "settle"))
      << "an abort could take back rows that were committed";
}

TEST(UnknownCommit, StaysUnknownWithoutARecordOfTheLoad) {
  for (const auto finding : {RecoverFinding::kFresh, RecoverFinding::kResumed}) {
    auto load = Answering(Unknown{"connection reset"}, true);
    load.script.settle = Finding(finding);
    EXPECT_THAT(load.Load().status, FailsWith(FailureKind::kUnknownOutcome, "settle="));
  }
}

TEST(UnknownCommit, IsWhatAnExceptionLeaves) {
  for (const bool takes_effect : {false, true}) {
    SixRows load;
    load.script.on_commit = [=](int64_t, const TakeEffect& take) -> Result<CommitOutcome> {
      if (takes_effect) take();
      throw std::runtime_error("odd reply");
    };
    const auto outcome = load.Load();
    EXPECT_EQ(outcome.result.success, takes_effect) << outcome.result.error;
    EXPECT_EQ(load.visible, takes_effect);
  }
}

}  // namespace
}  // namespace ampload::pipeline
