// Several writers at once: pipelines side by side, take-overs between two that live, loads that
// replace rows, several tables, sync modes.
#include <lmdb.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "loaders/lmdb/key_model_for_test.h"

namespace ampload::lmdb {
namespace {

class Neighbours : public LmdbKeyedTest {
 protected:
  static int64_t Id(int64_t tick, int64_t slot = 0) { return tick << BatchId::kSlotBits | slot; }
  TableSpec PipelineSpec(const std::string& pipeline, LoadMode mode = LoadMode::kAppend,
                         bool streaming = false) const {
    TableSpec spec = Spec(mode);
    spec.pipeline = pipeline;
    spec.add_pipeline = true;
    spec.streaming = streaming;
    return spec;
  }
  static Checkpoint Ladder(const std::vector<int64_t>& batches) {
    Checkpoint checkpoint;
    for (const auto batch : batches)
      checkpoint.ladder.push_back({.batch = BatchId(batch), .rows = 1, .ranges = {}});
    return checkpoint;
  }
};

TEST_F(Neighbours, ManyPipelinesHaveASlotEach) {
  std::vector<std::unique_ptr<LmdbSession>> sessions;
  std::set<int64_t> slots;
  for (int i = 0; i < 8; ++i) {
    sessions.push_back(
        std::make_unique<LmdbSession>(Config(), PipelineSpec("p" + std::to_string(i))));
    ASSERT_OK_AND_ASSIGN(const auto recovered,
                         sessions.back()->Recover(RecoverMode::kTakeOver, context_));
    slots.insert(recovered.slot);
  }
  EXPECT_EQ(slots, (std::set<int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  LmdbSession again(Config(), PipelineSpec("p5"));
  ASSERT_OK_AND_ASSIGN(const auto recovered, again.Recover(RecoverMode::kTakeOver, context_));
  EXPECT_EQ(recovered.slot, 5) << "a pipeline keeps its own";
}

TEST_F(Neighbours, AFencedSessionIsToldSoEvenWhereTheNewerOneHasEarlyRows) {
  const auto older = Begin(PipelineSpec("p", LoadMode::kAppend, true), 16);
  const auto newer = Begin(PipelineSpec("p", LoadMode::kAppend, true), 16);
  ASSERT_THAT(Stage(*newer, Rows({1, 2}, "new"), BatchId(Id(1))), IsOk());
  const auto before = Now();
  ASSERT_EQ(before.size(), 2U);
  EXPECT_THAT(Stage(*older, Rows({3, 4}, "old"), BatchId(Id(1))),
              FailsWith(FailureKind::kConflict, "took over this pipeline"));
  ASSERT_OK_AND_ASSIGN(const auto outcome, older->Commit({}, context_));
  EXPECT_TRUE(std::holds_alternative<Fenced>(outcome));
  EXPECT_THAT(older->Abort(context_), IsOk());
  EXPECT_EQ(Now(), before);
  EXPECT_EQ(Commit(*newer, Ladder({Id(1)})), 2);
}

TEST_F(Neighbours, AFencedSessionDoesNotTakeBackWhatADeadSuccessorLeft) {
  const auto older = Begin(PipelineSpec("p", LoadMode::kAppend, true), 16);
  ASSERT_EQ(Commit(*older), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto newer = Begin(PipelineSpec("p", LoadMode::kAppend, true), 16);
    _exit(Stage(*newer, Rows({1, 2}, "dead"), BatchId(Id(1))).ok() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_THAT(Stage(*older, Rows({3, 4}, "old"), BatchId(Id(1))),
              FailsWith(FailureKind::kConflict, "took over this pipeline"));
  EXPECT_EQ(Now().size(), 2U) << "that is the next take-over's to do";
  const auto third = Begin(PipelineSpec("p", LoadMode::kAppend, true));
  EXPECT_TRUE(Now().empty());
}

// The early row of one would be lost with the other's undo, or the other's row with the first's.
TEST_F(Neighbours, ReplacingAndEarlyRowsKeepApart) {
  Load({1}, "base");
  for (const auto& [early_mode, other_mode] : {std::pair(LoadMode::kUpsert, LoadMode::kAppend),
                                               std::pair(LoadMode::kAppend, LoadMode::kUpsert),
                                               std::pair(LoadMode::kMerge, LoadMode::kUpsert)}) {
    const Pairs before = Now();
    const auto early = Begin(PipelineSpec("early", early_mode), 16);
    const auto other = Begin(PipelineSpec("other", other_mode));
    const std::vector<uint32_t> numbers =
        early_mode == LoadMode::kAppend ? std::vector<uint32_t>{7, 8} : std::vector<uint32_t>{1, 8};
    ASSERT_THAT(Stage(*early, Rows(numbers, "early")), IsOk());  // a step
    ASSERT_THAT(Stage(*other, Rows({other_mode == LoadMode::kAppend ? 9U : 8U}, "other")), IsOk());
    ASSERT_OK_AND_ASSIGN(const auto outcome, other->Commit({}, context_));
    EXPECT_TRUE(std::holds_alternative<Conflict>(outcome));
    ASSERT_THAT(early->Abort(context_), IsOk());
    EXPECT_EQ(Now(), before);
    ASSERT_THAT(Stage(*other, Rows({other_mode == LoadMode::kAppend ? 9U : 8U}, "other")), IsOk());
    EXPECT_EQ(Commit(*other), 1);
    // Back to the beginning for the next pair.
    auto spec = Spec(LoadMode::kOverwrite);
    spec.force = true;
    const auto over = Begin(spec);
    ASSERT_THAT(Stage(*over, Rows({1}, "base")), IsOk());
    ASSERT_EQ(Commit(*over), 1);
  }
}

TEST_F(Neighbours, AppendingPipelinesWriteSideBySideInSteps) {
  const auto first = Begin(PipelineSpec("first"), 16);
  const auto second = Begin(PipelineSpec("second"), 16);
  for (uint32_t i = 0; i < 5; ++i) {
    ASSERT_THAT(Stage(*first, Rows({i, i + 100}, "f")), IsOk());
    ASSERT_THAT(Stage(*second, Rows({i + 50, i + 150}, "s")), IsOk());
  }
  ASSERT_EQ(Commit(*second), 10);
  ASSERT_THAT(first->Abort(context_), IsOk());
  EXPECT_EQ(Now().size(), 10U);
  EXPECT_TRUE(Now().contains(Key(50)));
}

TEST_F(Neighbours, ATableMadeByAStepThatWasTakenBackIsMadeAgain) {
  const auto first = Begin(PipelineSpec("first"), 16);
  const auto second = Begin(PipelineSpec("second"), 16);
  ASSERT_THAT(Stage(*first, Rows({1, 2}, "f")), IsOk());  // makes the table
  // Sees the table, and fails in the step: nothing of it stays.
  EXPECT_THAT(Stage(*second, Rows({2, 3}, "s")), FailsWith(FailureKind::kData, "already"));
  ASSERT_THAT(second->Abort(context_), IsOk());
  ASSERT_THAT(first->Abort(context_), IsOk());  // and with it the table
  ASSERT_THAT(Stage(*second, Rows({2, 3}, "s")), IsOk());
  EXPECT_EQ(Commit(*second), 2);
}

TEST_F(Neighbours, AStreamMindsNoOtherPipelinesNotes) {
  // Notes of file loads have ids that no stream of the table takes for its own.
  const auto stream = Begin(PipelineSpec("stream", LoadMode::kAppend, true));
  for (uint32_t i = 0; i < 20; ++i) {
    const auto file = Begin(PipelineSpec("file"), 16);
    ASSERT_THAT(Stage(*file, Rows({1000 + i, 2000 + i}, "f")), IsOk());
    ASSERT_THAT(Stage(*stream, Rows({i}, "s"), BatchId(Id(i + 1))), IsOk());
    ASSERT_EQ(Commit(*stream, Ladder({Id(i + 1)})), 1);  // forgets its own older batches
    ASSERT_THAT(file->Abort(context_), IsOk());
    ASSERT_EQ(Now().size(), i + 1U);
  }
}

TEST_F(Neighbours, TablesOfOneEnvironmentDoNotMeet) {
  std::vector<std::unique_ptr<LmdbSession>> sessions;
  for (int i = 0; i < 20; ++i) {
    TableSpec spec = Spec(i % 2 == 0 ? LoadMode::kAppend : LoadMode::kUpsert);
    spec.name = "table" + std::to_string(i);
    if (i % 3 == 0) spec.pipeline = "p";
    sessions.push_back(Begin(spec, 16));
  }
  for (uint32_t round = 0; round < 4; ++round) {
    for (auto& session : sessions) {
      ASSERT_THAT(Stage(*session, Rows({round * 2, round * 2 + 1}, "t")), IsOk());
    }
  }
  for (size_t i = 0; i < sessions.size(); ++i) {
    if (i % 4 == 1) {
      ASSERT_THAT(sessions[i]->Abort(context_), IsOk());
    } else {
      ASSERT_EQ(Commit(*sessions[i]), 8);
    }
  }
  for (size_t i = 0; i < sessions.size(); ++i) {
    EXPECT_EQ(ReadPairs(path_, "table" + std::to_string(i)).size(), i % 4 == 1 ? 0U : 8U) << i;
  }
}

TEST_F(Neighbours, TheStricterSyncModeHoldsForAll) {
  EnvironmentOptions options;
  options.create = true;
  options.sync = SyncMode::kNone;
  const auto flags = [](const std::shared_ptr<Environment>& environment) {
    auto txn = environment->BeginRead().ValueOrDie();
    unsigned now = 0;
    EXPECT_EQ(mdb_env_get_flags(mdb_txn_env(txn.raw()), &now), 0);
    return now & (MDB_NOSYNC | MDB_NOMETASYNC);
  };
  ASSERT_OK_AND_ASSIGN(const auto none, Environment::Open(path_, options));
  EXPECT_EQ(flags(none), static_cast<unsigned>(MDB_NOSYNC));
  options.sync = SyncMode::kFull;
  ASSERT_OK_AND_ASSIGN(const auto full, Environment::Open(path_, options));
  EXPECT_EQ(flags(none), 0U);
  options.sync = SyncMode::kMetaLast;
  ASSERT_OK_AND_ASSIGN(const auto weaker, Environment::Open(path_, options));
  EXPECT_EQ(flags(weaker), 0U);
}

TEST_F(Neighbours, EverySyncModeLoads) {
  for (const auto* sync : {"full", "meta_last", "none"}) {
    auto config = Config(16);
    config.path = folder_ / sync;
    config.sync = sync;
    LmdbSession session(config, Spec(LoadMode::kUpsert));
    ASSERT_THAT(session.Recover(RecoverMode::kTakeOver, context_), IsOk());
    ASSERT_THAT(Stage(session, Rows({1, 2}, "a")), IsOk());
    ASSERT_EQ(Commit(session), 2);
    EXPECT_EQ(ReadPairs(config.path, "numbers").size(), 2U) << sync;
  }
}

TEST_F(Neighbours, AReplayOfAReorgLargerThanAStepWaitsForTheCommit) {
  const auto stream = Begin(PipelineSpec("p", LoadMode::kAppend, true), 16);
  ASSERT_THAT(Stage(*stream, Rows({1, 2, 3}, "old"), BatchId(Id(1))), IsOk());
  ASSERT_EQ(Commit(*stream, Ladder({Id(1)})), 3);
  ASSERT_THAT(stream->Undo({BatchId(Id(1))}, context_), IsOk());
  // The same keys on the new chain, many steps' worth.
  for (uint32_t n = 1; n <= 3; ++n) {
    ASSERT_THAT(Stage(*stream, Rows({n}, "new"), BatchId(Id(2))), IsOk());
  }
  ASSERT_EQ(Commit(*stream, Ladder({Id(2)})), 3);
  const Pairs expected = {
      {Key(1), Packed(1, "new")}, {Key(2), Packed(2, "new")}, {Key(3), Packed(3, "new")}};
  EXPECT_EQ(Now(), expected);
}

}  // namespace
}  // namespace ampload::lmdb
