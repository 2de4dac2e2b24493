// Streams of upserts and merges: batches taken back in any order, and what such a stream asks of
// its neighbours.
#include "loaders/lmdb/key_model_for_test.h"

namespace ampload::lmdb {
namespace {

class KeyedStream : public LmdbKeyedTest {
 protected:
  static int64_t Id(int64_t tick) { return tick << BatchId::kSlotBits; }
  static Checkpoint Ladder(const std::vector<int64_t>& batches) {
    Checkpoint checkpoint;
    for (const auto batch : batches)
      checkpoint.ladder.push_back({.batch = BatchId(batch), .rows = 1, .ranges = {}});
    return checkpoint;
  }
  TableSpec StreamSpec(LoadMode mode, const std::shared_ptr<arrow::Schema>& schema) const {
    auto spec = KeyedSpec(mode, schema);
    spec.pipeline = "p";
    spec.streaming = true;
    return spec;
  }
};

// The table is what the base and the kept batches make, one after the other, whichever were taken
// back in between.
TEST_F(KeyedStream, KeepsWhatTheKeptBatchesMakeThroughRandomUndos) {
  int undone = 0, from_the_middle = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    RandomRows random(seed);
    const auto mode = random.Roll(3) == 0 ? LoadMode::kUpsert : LoadMode::kMerge;
    const bool has_ops = mode == LoadMode::kMerge && random.Roll(2) == 0;
    const bool ordered = !has_ops && random.Roll(3) == 0;
    const std::vector<std::string> columns =
        mode == LoadMode::kUpsert ? std::vector<std::string>{"a", "b", "c", "ord"}
        : ordered                 ? std::vector<std::string>{"b", "ord"}
        : random.Roll(3) == 0     ? std::vector<std::string>{"a", "b", "c", "ord"}
                                  : std::vector<std::string>{"a", "c"};
    const auto rows = [&](int most) {
      auto batch = random.Batch(columns, has_ops, random.Roll(most), 8);
      for (auto& row : batch.rows) {
        if (row.op == "insert" || row.op == "update") row.op = "upsert";  // these depend on others
      }
      return batch;
    };
    KeyModel base;
    ASSERT_TRUE(
        base.Apply({random.Batch({"a", "b", "c", "ord"}, false, 10, 8)}, LoadMode::kUpsert, false));
    path_ = folder_ / ("env" + std::to_string(seed));
    Make(base.rows(), std::vector<std::string>{"msgpack", "json", "arrow_ipc"}[seed % 3]);
    std::map<int64_t, std::vector<ModelBatch>> kept;  // those on the ladder, in parts
    auto spec = StreamSpec(mode, rows(1).Schema());
    if (ordered) spec.order_by = "ord";
    std::unique_ptr<LmdbSession> session;
    for (int commit = 1; commit <= 12; ++commit) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " commit " + std::to_string(commit) + " " +
                   std::string(ToString(mode)) + (has_ops ? " ops" : "") +
                   (ordered ? " ordered" : ""));
      if (session == nullptr || random.Roll(4) == 0) {
        session.reset();
        session = std::make_unique<LmdbSession>(KeyedConfig("", random.Roll(2) == 0 ? 16 : 1 << 20),
                                                spec);
        ASSERT_THAT(session->Recover(RecoverMode::kTakeOver, context_), IsOk());
      }
      BatchIdSet set;
      if (random.Roll(3) == 0 && !kept.empty()) {
        for (auto batch = kept.begin(); batch != kept.end();) {
          if (random.Roll(3) > 0) {
            ++batch;
            continue;
          }
          set.insert(BatchId(batch->first));
          from_the_middle += std::next(batch) != kept.end() ? 1 : 0;
          batch = kept.erase(batch);
        }
        undone += static_cast<int>(set.size());
        ASSERT_THAT(session->Undo(set, context_), IsOk());
      }
      const bool aborts = random.Roll(5) == 0;
      std::vector<ModelBatch> parts;
      for (int part = random.Roll(3); part >= 0; --part) parts.push_back(rows(10));
      if (aborts) {
        for (const auto& part : parts) {
          ASSERT_THAT(Stage(*session, part.Arrow(), BatchId(Id(1000 + commit))), IsOk());
        }
        ASSERT_THAT(session->Abort(context_), IsOk());
        // The undo is forgotten, too: mark it again, as the engine does.
        ASSERT_THAT(session->Undo(set, context_), IsOk());
      } else {
        for (const auto& part : parts) {
          ASSERT_THAT(Stage(*session, part.Arrow(), BatchId(Id(commit))), IsOk());
        }
        kept[Id(commit)] = parts;
      }
      std::vector<int64_t> ladder;
      for (const auto& [batch, unused] : kept) ladder.push_back(batch);
      ASSERT_GE(Commit(*session, Ladder(ladder)), 0);
      // Final batches leave the ladder at the next commit; from then on they are the base's.
      while (kept.size() > 5) {
        ASSERT_TRUE(base.Apply(kept.begin()->second, mode, ordered));
        kept.erase(kept.begin());
      }
      KeyModel now = base;
      for (const auto& [batch, batch_parts] : kept) {
        ASSERT_TRUE(now.Apply(batch_parts, mode, ordered));
      }
      ASSERT_EQ(Read(), now.rows());
    }
  }
  EXPECT_GT(undone, 100);
  EXPECT_GT(from_the_middle, 60);
}

ModelBatch One(const std::string& text) { return {{"a"}, false, {{1, "", {{"a", text}}}}}; }

TEST_F(KeyedStream, CommitsOneBatchAtATime) {
  const auto session = Begin(StreamSpec(LoadMode::kUpsert, One("").Schema()));
  ASSERT_THAT(Stage(*session, One("x").Arrow(), BatchId(Id(1))), IsOk());
  ASSERT_THAT(Stage(*session, One("y").Arrow(), BatchId(Id(1))), IsOk());
  EXPECT_THAT(Stage(*session, One("z").Arrow(), BatchId(Id(2))),
              FailsWith(FailureKind::kConfiguration, "one batch at a time"));
  ASSERT_EQ(Commit(*session, Ladder({Id(1)})), 2);
  ASSERT_THAT(Stage(*session, One("z").Arrow(), BatchId(Id(2))), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(1), Id(2)})), 1);
  const KeyModel::Rows expected = {{1, {{"a", "z"}}}};
  EXPECT_EQ(Read(), expected);
}

TEST_F(KeyedStream, HasItsTableForItself) {
  auto spec = StreamSpec(LoadMode::kUpsert, One("").Schema());
  {
    const auto session = Begin(spec);
    ASSERT_THAT(Stage(*session, One("x").Arrow(), BatchId(Id(1))), IsOk());
    ASSERT_EQ(Commit(*session, Ladder({Id(1)})), 1);
  }
  for (const auto mode : {LoadMode::kAppend, LoadMode::kUpsert}) {
    for (const auto* pipeline : {"", "q"}) {
      auto other = KeyedSpec(mode, One("").Schema());
      other.pipeline = pipeline;
      other.add_pipeline = true;
      LmdbSession session(Config(), other);
      EXPECT_THAT(session.Recover(RecoverMode::kTakeOver, context_),
                  FailsWith(FailureKind::kConfiguration, "has this table for itself"));
    }
  }
  // An overwrite by force ends the stream's claim.
  auto over = KeyedSpec(LoadMode::kOverwrite, One("").Schema());
  over.force = true;
  ASSERT_EQ(Commit(*Begin(over)), 0);
  EXPECT_THAT(LmdbSession(Config(), KeyedSpec(LoadMode::kUpsert, One("").Schema()))
                  .Recover(RecoverMode::kTakeOver, context_),
              IsOk());
  // Under its old name it may append beside others.
  const auto appending = Begin(StreamSpec(LoadMode::kAppend, One("").Schema()));
  auto beside = KeyedSpec(LoadMode::kAppend, One("").Schema());
  beside.pipeline = "q";
  beside.add_pipeline = true;
  EXPECT_THAT(LmdbSession(Config(), beside).Recover(RecoverMode::kTakeOver, context_), IsOk());
}

TEST_F(KeyedStream, RefusesATableThatAnotherPipelineWrites) {
  auto appending = StreamSpec(LoadMode::kAppend, One("").Schema());
  appending.pipeline = "q";
  {
    const auto session = Begin(appending);
    ASSERT_THAT(Stage(*session, One("x").Arrow(), BatchId(Id(1))), IsOk());
    ASSERT_EQ(Commit(*session, Ladder({Id(1)})), 1);
  }
  auto spec = StreamSpec(LoadMode::kMerge, One("").Schema());
  spec.add_pipeline = true;
  LmdbSession session(Config(), spec);
  EXPECT_THAT(session.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kConfiguration, "pipelines=q"));
}

TEST_F(KeyedStream, NothingReplacesTheRowsOfAStreamThatMayTakeThemBack) {
  auto appending = StreamSpec(LoadMode::kAppend, One("").Schema());
  const auto stream = Begin(appending);
  auto upserting = KeyedSpec(LoadMode::kUpsert, One("").Schema());
  upserting.pipeline = "q";
  upserting.add_pipeline = true;
  const auto early = Begin(upserting);  // the stream has nothing yet
  ASSERT_THAT(Stage(*stream, One("x").Arrow(), BatchId(Id(1))), IsOk());
  ASSERT_EQ(Commit(*stream, Ladder({Id(1)})), 1);
  ASSERT_THAT(Stage(*early, One("y").Arrow()), IsOk());
  EXPECT_THAT(early->Commit({}, context_),
              FailsWith(FailureKind::kConfiguration, "may take its rows back"));
  auto replacing = KeyedSpec(LoadMode::kAppend, One("").Schema());
  replacing.on_duplicate = DuplicatePolicy::kReplace;
  LmdbSession late(Config(), replacing);
  EXPECT_THAT(late.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kConfiguration, "may take its rows back"));
  const KeyModel::Rows expected = {{1, {{"a", "x"}}}};
  EXPECT_EQ(Read(), expected);
}

TEST_F(KeyedStream, ItsTableIsUndoneThroughAnAppendingSession) {
  auto spec = StreamSpec(LoadMode::kUpsert, One("").Schema());
  {
    const auto session = Begin(spec);
    for (int64_t tick = 1; tick <= 3; ++tick) {
      ASSERT_THAT(Stage(*session, One(std::to_string(tick)).Arrow(), BatchId(Id(tick))), IsOk());
      ASSERT_EQ(Commit(*session, Ladder({Id(1), Id(2), Id(3)})), 1);
    }
  }
  auto appending = StreamSpec(LoadMode::kAppend, One("").Schema());
  appending.keys.clear();
  const auto session = Begin(appending);
  ASSERT_THAT(session->Undo({BatchId(Id(3)), BatchId(Id(2))}, context_), IsOk());
  ASSERT_EQ(Commit(*session, Ladder({Id(1)})), 0);
  const KeyModel::Rows expected = {{1, {{"a", "1"}}}};
  EXPECT_EQ(Read(), expected);
}

}  // namespace
}  // namespace ampload::lmdb
