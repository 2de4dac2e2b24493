// A commit whose reply is lost, on the way there or on the way back: what the session says, and how
// it goes on. Each case runs in a process of its own, which is told by its environment what to
// lose.
#include <stdlib.h>

#include "ampload/fault_point.h"
#include "loaders/lmdb/key_model_for_test.h"

namespace ampload::lmdb {
namespace {

class LostReply : public LmdbKeyedTest {
 protected:
  static int64_t Id(int64_t tick) { return tick << BatchId::kSlotBits; }

  // Runs `body` in a fresh process that loses the reply at the n-th passing of `point`.
  template <class Body>
  void Losing(const std::string& point, const Body& body) {
    if (!FaultPointsCompiledIn()) GTEST_SKIP() << "built without fault points";
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
          setenv("AMPLOAD_FAULT", (point + ":lose").c_str(), 1);
          body();
          _exit(HasFailure() ? 1 : 0);
        },
        ::testing::ExitedWithCode(0), "");
  }
  RecoverFinding Settle(WriteSession& session) {
    const auto settled = session.Recover(RecoverMode::kSettle, context_);
    EXPECT_THAT(settled, IsOk());
    return settled.ok() ? settled->finding : RecoverFinding::kFresh;
  }
  bool CommitIsUnknown(WriteSession& session) {
    const auto outcome = session.Commit({}, context_);
    return outcome.ok() && std::holds_alternative<Unknown>(*outcome);
  }
};

TEST_F(LostReply, ThatNeverArrivedIsCommittedAgain) {
  for (const char* pipeline : {"", "p"}) {
    for (const int64_t step_bytes : {1 << 20, 1}) {
      Losing("lmdb.commit.send:1", [&] {
        TableSpec spec = Spec();
        spec.pipeline = pipeline;
        const auto session = Begin(spec, step_bytes);
        EXPECT_THAT(Stage(*session, Rows({1, 2}, "a")), IsOk());
        EXPECT_TRUE(CommitIsUnknown(*session));
        EXPECT_EQ(Settle(*session), RecoverFinding::kNotCommitted);
        EXPECT_THAT(Stage(*session, Rows({3}, "a")), IsOk());
        EXPECT_EQ(Commit(*session), 3);
        EXPECT_EQ(Now().size(), 3U);
        EXPECT_FALSE(HasOpenLoad());
      });
    }
  }
}

TEST_F(LostReply, ThatTookEffectIsNotCommittedAgain) {
  for (const int64_t step_bytes : {1 << 20, 1}) {
    for (const auto mode : {LoadMode::kAppend, LoadMode::kOverwrite, LoadMode::kUpsert}) {
      Losing("lmdb.commit.reply:1", [&] {
        TableSpec spec = Spec(mode);
        spec.pipeline = "p";
        const auto session = Begin(spec, step_bytes);
        EXPECT_THAT(Stage(*session, Rows({1, 2}, "a")), IsOk());
        EXPECT_TRUE(CommitIsUnknown(*session));
        EXPECT_EQ(Settle(*session), RecoverFinding::kCommitted);
        EXPECT_EQ(Now().size(), 2U);
        EXPECT_FALSE(HasOpenLoad());
        // Nothing of it is staged any more, and the next commit has its own rows only.
        EXPECT_EQ(Commit(*session), 0);
        EXPECT_THAT(Stage(*session, Rows({3}, "a")), IsOk());
        EXPECT_EQ(Commit(*session), 1);
        EXPECT_EQ(Now().size(), 3U);
      });
    }
  }
}

TEST_F(LostReply, OfAOneOffLoadThatTookEffectEndsIt) {
  for (const int64_t step_bytes : {1 << 20, 1}) {
    for (const auto mode : {LoadMode::kAppend, LoadMode::kOverwrite}) {
      Losing("lmdb.commit.reply:1", [&] {
        {
          const auto session = Begin(Spec(mode), step_bytes);
          EXPECT_THAT(Stage(*session, Rows({1, 2}, "a")), IsOk());
          EXPECT_TRUE(CommitIsUnknown(*session));
          EXPECT_EQ(Settle(*session), RecoverFinding::kCommitted);
          EXPECT_EQ(Settle(*session), RecoverFinding::kCommitted);
          EXPECT_FALSE(Stage(*session, Rows({3}, "a")).ok());
          EXPECT_THAT(session->Abort(context_), IsOk());
        }
        EXPECT_EQ(Now().size(), 2U);
        EXPECT_FALSE(HasOpenLoad());
      });
    }
  }
}

TEST_F(LostReply, OfAnUndoAndAnEvolution) {
  for (const char* point : {"lmdb.commit.send:2", "lmdb.commit.reply:2"}) {
    Losing(point, [&] {
      TableSpec spec = Spec(LoadMode::kUpsert);
      spec.pipeline = "p";
      spec.streaming = true;
      spec.on_schema_change = SchemaPolicy::kEvolve;
      const auto session = Begin(spec);
      Checkpoint first;
      first.ladder = {{.batch = BatchId(Id(1)), .rows = 2, .ranges = {}}};
      EXPECT_THAT(Stage(*session, Rows({1, 2}, "a"), BatchId(Id(1))), IsOk());
      EXPECT_EQ(Commit(*session, first), 2);
      EXPECT_THAT(session->Undo({BatchId(Id(1))}, context_), IsOk());
      EXPECT_THAT(
          session->Evolve({.table = 0, .added = {arrow::field("x", arrow::utf8())}, .widened = {}},
                          context_),
          IsOk());
      EXPECT_TRUE(CommitIsUnknown(*session));
      if (Settle(*session) == RecoverFinding::kNotCommitted) {
        EXPECT_EQ(Now().size(), 2U);
        EXPECT_EQ(Commit(*session), 0);
      }
      EXPECT_TRUE(Now().empty());
      EXPECT_THAT(TableSchema()->field_names(), ::testing::ElementsAre("n", "text", "x"));
      EXPECT_EQ(Commit(*session), 0) << "nothing is left to undo";
    });
  }
}

TEST_F(LostReply, AnAbortAfterItTakesTheStagedRowsBack) {
  for (const char* pipeline : {"", "p"}) {
    for (const int64_t step_bytes : {1 << 20, 1}) {
      Losing("lmdb.commit.send:1", [&] {
        TableSpec spec = Spec();
        spec.pipeline = pipeline;
        const auto session = Begin(spec, step_bytes);
        EXPECT_THAT(Stage(*session, Rows({1, 2}, "a")), IsOk());
        EXPECT_TRUE(CommitIsUnknown(*session));
        EXPECT_EQ(Settle(*session), RecoverFinding::kNotCommitted);
        EXPECT_THAT(session->Abort(context_), IsOk());
        EXPECT_TRUE(Now().empty());
        EXPECT_THAT(Stage(*session, Rows({1}, "b")), IsOk());
        EXPECT_EQ(Commit(*session), 1);
        EXPECT_EQ(Now().size(), 1U);
      });
    }
  }
}

}  // namespace
}  // namespace ampload::lmdb
