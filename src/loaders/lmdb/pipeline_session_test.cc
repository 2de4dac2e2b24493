// A pipeline's session: checkpoints, the fence, undo.
#include <random>

#include "loaders/lmdb/lmdb_loader.h"
#include "loaders/lmdb/session_fixture_for_test.h"

namespace ampload::lmdb {
namespace {

class LmdbPipelineTest : public LmdbSessionTest {
 protected:
  TableSpec StreamSpec(const std::string& pipeline = "p") const {
    TableSpec spec = Spec();
    spec.pipeline = pipeline;
    spec.streaming = true;
    return spec;
  }
  static Checkpoint Ladder(const std::vector<int64_t>& batches) {
    Checkpoint checkpoint;
    for (const auto batch : batches)
      checkpoint.ladder.push_back({.batch = BatchId(batch), .rows = 1, .ranges = {}});
    if (!batches.empty()) checkpoint.last_batch_id = BatchId(batches.back());
    return checkpoint;
  }
  static int64_t Id(int64_t tick, int64_t slot = 0) { return tick << BatchId::kSlotBits | slot; }
  std::vector<Checkpoint> Checkpoints() const {
    LMDBLoader loader(Config());
    EXPECT_THAT(loader.Connect(context_), IsOk());
    return loader.ReadCheckpoints("numbers").ValueOrDie();
  }
};

TEST_F(LmdbPipelineTest, KeepsItsCheckpointWithTheRows) {
  auto session = Begin(StreamSpec());
  ASSERT_THAT(Stage(*session, Rows({1, 2}, "a"), BatchId(Id(1))), IsOk());
  Checkpoint checkpoint = Ladder({Id(1)});
  checkpoint.source_position = R"({"at":7})";
  ASSERT_EQ(Commit(*session, checkpoint), 2);
  session.reset();

  LmdbSession again(Config(), StreamSpec());
  ASSERT_OK_AND_ASSIGN(const auto recovered, again.Recover(RecoverMode::kTakeOver, context_));
  ASSERT_EQ(recovered.finding, RecoverFinding::kResumed);
  EXPECT_EQ(recovered.checkpoint->source_position, R"({"at":7})");
  EXPECT_EQ(recovered.checkpoint->sequence, 1);
  EXPECT_EQ(recovered.checkpoint->epoch.value, 2);
  EXPECT_EQ(recovered.checkpoint->ladder, checkpoint.ladder);
}

TEST_F(LmdbPipelineTest, AnOlderSessionIsFencedByANewerOne) {
  const auto older = Begin(StreamSpec(), /*step_bytes=*/16);
  ASSERT_THAT(Stage(*older, Rows({1, 2}, "early"), BatchId(Id(1))),
              IsOk());  // a step: rows are in the table
  ASSERT_EQ(Now().size(), 2U);
  const auto newer = Begin(StreamSpec());
  EXPECT_TRUE(Now().empty()) << "the newer one takes the older one's steps back";

  EXPECT_THAT(Stage(*older, Rows({3, 4}, "late"), BatchId(Id(1))),
              FailsWith(FailureKind::kConflict, "took over"));
  ASSERT_OK_AND_ASSIGN(const auto outcome, older->Commit(Ladder({Id(1)}), context_));
  EXPECT_TRUE(std::holds_alternative<Fenced>(outcome));
  ASSERT_OK_AND_ASSIGN(const auto settled, older->Recover(RecoverMode::kSettle, context_));
  EXPECT_EQ(settled.finding, RecoverFinding::kFenced);

  ASSERT_THAT(Stage(*newer, Rows({9}, "new"), BatchId(Id(2))), IsOk());
  EXPECT_EQ(Commit(*newer, Ladder({Id(2)})), 1);
  EXPECT_THAT(older->Abort(context_), IsOk());
  EXPECT_EQ(Now().size(), 1U) << "a fenced session's abort touches nothing";
}

TEST_F(LmdbPipelineTest, SettleKnowsWhetherACommitTookEffect) {
  const auto session = Begin(StreamSpec());
  ASSERT_OK_AND_ASSIGN(auto settled, session->Recover(RecoverMode::kSettle, context_));
  EXPECT_EQ(settled.finding, RecoverFinding::kNotCommitted);
  // Another handle writes the next sequence under the same owner: a commit whose reply was lost.
  auto environment = Environment::Open(path_, {}).ValueOrDie();
  const auto set_sequence = [&](int64_t sequence) {
    ASSERT_THAT(environment->Write(0,
                                   [&](Transaction& txn) -> Status {
                                     ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, true));
                                     ARROW_ASSIGN_OR_RAISE(auto now,
                                                           catalog.ReadCheckpoint("numbers", "p"));
                                     now->sequence = sequence;
                                     return catalog.WriteCheckpoint(*now);
                                   }),
                IsOk());
  };
  set_sequence(5);
  ASSERT_OK_AND_ASSIGN(settled, session->Recover(RecoverMode::kSettle, context_));
  EXPECT_EQ(settled.finding, RecoverFinding::kCommitted);
  set_sequence(3);
  ASSERT_OK_AND_ASSIGN(settled, session->Recover(RecoverMode::kSettle, context_));
  EXPECT_EQ(settled.finding, RecoverFinding::kWentBack);
}

TEST_F(LmdbPipelineTest, UndoTakesBackExactlyTheBatchesNamed) {
  const auto session = Begin(StreamSpec());
  std::vector<int64_t> ids;
  for (uint32_t batch = 1; batch <= 4; ++batch) {
    ids.push_back(Id(batch));
    ASSERT_THAT(Stage(*session, Rows({batch, batch + 100}, "a"), BatchId(Id(batch))), IsOk());
    ASSERT_EQ(Commit(*session, Ladder(ids)), 2);
  }
  ASSERT_THAT(session->Undo({BatchId(Id(2)), BatchId(Id(4))}, context_), IsOk());
  ASSERT_THAT(Stage(*session, Rows({2}, "new"), BatchId(Id(5))), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(1), Id(3), Id(5)})), 1);
  const Pairs expected = {{Key(1), Packed(1, "a")},
                          {Key(101), Packed(101, "a")},
                          {Key(2), Packed(2, "new")},
                          {Key(3), Packed(3, "a")},
                          {Key(103), Packed(103, "a")}};
  EXPECT_EQ(Now(), expected);
}

TEST_F(LmdbPipelineTest, ForgetsHowToUndoABatchThatLeftTheLadder) {
  const auto session = Begin(StreamSpec());
  ASSERT_THAT(Stage(*session, Rows({1}, "a"), BatchId(Id(1))), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(1)})), 1);
  ASSERT_THAT(Stage(*session, Rows({2}, "a"), BatchId(Id(2))), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(2)})), 1);
  auto environment = Environment::Open(path_, {}).ValueOrDie();
  auto txn = environment->BeginRead().ValueOrDie();
  const auto uuid = Catalog::Open(txn, false).ValueOrDie().ReadTable("numbers").ValueOrDie()->uuid;
  const auto noted = UndoLog::Open(txn, uuid, false).ValueOrDie().CountChunks().ValueOrDie();
  ASSERT_EQ(noted.size(), 1U);
  EXPECT_EQ(noted.begin()->first, Id(2));
}

TEST_F(LmdbPipelineTest, AbortForgetsAMarkedUndo) {
  const auto session = Begin(StreamSpec());
  ASSERT_THAT(Stage(*session, Rows({1}, "a"), BatchId(Id(1))), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(1)})), 1);
  ASSERT_THAT(session->Undo({BatchId(Id(1))}, context_), IsOk());
  ASSERT_THAT(session->Abort(context_), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(1)})), 0);
  EXPECT_EQ(Now().size(), 1U);
}

TEST_F(LmdbPipelineTest, AnOverwriteReplacesOnceAndAppendsFromThenOn) {
  Load({500}, "old");
  TableSpec spec = StreamSpec();
  spec.mode = LoadMode::kOverwrite;
  auto session = Begin(spec);
  ASSERT_THAT(Stage(*session, Rows({1}, "a"), BatchId(Id(1))), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(1)})), 1);
  ASSERT_THAT(Stage(*session, Rows({2}, "a"), BatchId(Id(2))), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(1), Id(2)})), 1);
  session.reset();
  session = Begin(spec);
  ASSERT_THAT(session->Undo({BatchId(Id(1))}, context_), IsOk());
  ASSERT_THAT(Stage(*session, Rows({3}, "a"), BatchId(Id(3))), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(2), Id(3)})), 1);
  const Pairs expected = {{Key(2), Packed(2, "a")}, {Key(3), Packed(3, "a")}};
  EXPECT_EQ(Now(), expected);
}

TEST_F(LmdbPipelineTest, OverwritingAnotherPipelinesTableNeedsForce) {
  auto session = Begin(StreamSpec());
  ASSERT_THAT(Stage(*session, Rows({1}, "a"), BatchId(Id(1))), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(1)})), 1);
  session.reset();
  TableSpec spec = Spec(LoadMode::kOverwrite);
  {
    LmdbSession refused(Config(), spec);
    EXPECT_THAT(refused.Recover(RecoverMode::kTakeOver, context_),
                FailsWith(FailureKind::kConfiguration, "pipelines=p"));
  }
  spec.force = true;
  session = Begin(spec);
  ASSERT_EQ(Commit(*session), 0);
  EXPECT_TRUE(Now().empty());
  EXPECT_TRUE(Checkpoints().empty());
  LmdbSession after(Config(), StreamSpec());
  ASSERT_OK_AND_ASSIGN(const auto recovered, after.Recover(RecoverMode::kTakeOver, context_));
  EXPECT_EQ(recovered.finding, RecoverFinding::kFresh);
}

TEST_F(LmdbPipelineTest, ACheckpointWhoseTableIsAnotherNowIsAnError) {
  auto session = Begin(StreamSpec());
  ASSERT_THAT(Stage(*session, Rows({1}, "a"), BatchId(Id(1))), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(1)})), 1);
  session.reset();
  auto environment = Environment::Open(path_, {}).ValueOrDie();
  ASSERT_THAT(environment->Write(0, [](Transaction& txn) { return txn.Drop("numbers", true); }),
              IsOk());
  LmdbSession refused(Config(), StreamSpec());
  EXPECT_THAT(refused.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kPermanent, "gone"));
}

TEST_F(LmdbPipelineTest, ASecondPipelineJoinsOnlyWhenAllowedAndGetsAnotherSlot) {
  auto first = Begin(StreamSpec("p"));
  ASSERT_THAT(Stage(*first, Rows({1}, "a"), BatchId(Id(1, 0))), IsOk());
  ASSERT_EQ(Commit(*first, Ladder({Id(1, 0)})), 1);
  TableSpec spec = StreamSpec("q");
  {
    LmdbSession refused(Config(), spec);
    EXPECT_THAT(refused.Recover(RecoverMode::kTakeOver, context_),
                FailsWith(FailureKind::kConfiguration, "pipelines=p"));
  }
  spec.add_pipeline = true;
  LmdbSession second(Config(), spec);
  ASSERT_OK_AND_ASSIGN(const auto recovered, second.Recover(RecoverMode::kTakeOver, context_));
  EXPECT_EQ(recovered.slot, 1);
  ASSERT_THAT(Stage(second, Rows({2}, "b"), BatchId(Id(1, 1))), IsOk());
  ASSERT_EQ(Commit(second, Ladder({Id(1, 1)})), 1);
  ASSERT_THAT(first->Undo({BatchId(Id(1, 0))}, context_), IsOk());
  ASSERT_EQ(Commit(*first, Ladder({})), 0);
  const Pairs expected = {{Key(2), Packed(2, "b")}};
  EXPECT_EQ(Now(), expected);
  EXPECT_EQ(Checkpoints().size(), 2U);
}

TEST_F(LmdbPipelineTest, APipelinesCommitWaitsForNoLiveOneOffLoad) {
  const auto pipeline = Begin(StreamSpec());
  const auto one_off = Begin(Spec());
  ASSERT_THAT(Stage(*pipeline, Rows({1}, "a"), BatchId(Id(1))), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto outcome, pipeline->Commit(Ladder({Id(1)}), context_));
  EXPECT_TRUE(std::holds_alternative<Conflict>(outcome));
  ASSERT_THAT(Stage(*one_off, Rows({2}, "b")), IsOk());
  EXPECT_EQ(Commit(*one_off), 1);
  ASSERT_THAT(Stage(*pipeline, Rows({1}, "a"), BatchId(Id(1))), IsOk());
  EXPECT_EQ(Commit(*pipeline, Ladder({Id(1)})), 1);
  EXPECT_EQ(Now().size(), 2U);
}

}  // namespace
}  // namespace ampload::lmdb
