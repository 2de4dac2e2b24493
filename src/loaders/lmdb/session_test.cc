#include "loaders/lmdb/session.h"

#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "loaders/lmdb/lmdb_loader.h"
#include "loaders/lmdb/session_fixture_for_test.h"

namespace ampload::lmdb {
namespace {

TEST_F(LmdbSessionTest, AppendsRowsUnderTheirKeys) {
  Load({7, 300, 70000}, "a");
  const Pairs expected = {
      {Key(7), Packed(7, "a")}, {Key(300), Packed(300, "a")}, {Key(70000), Packed(70000, "a")}};
  EXPECT_EQ(Now(), expected);
  EXPECT_FALSE(HasOpenLoad());
}

TEST_F(LmdbSessionTest, ReadsRowsBackAsArrow) {
  Load({1, 2, 3}, "a");
  LMDBLoader loader(Config());
  ASSERT_THAT(loader.Connect(context_), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto table, loader.ReadRows("numbers", {.limit = 2}));
  ASSERT_OK_AND_ASSIGN(const auto expected, arrow::Table::FromRecordBatches({Rows({1, 2}, "a")}));
  EXPECT_TRUE(table->Equals(*expected)) << table->ToString();
  ASSERT_OK_AND_ASSIGN(const auto info, loader.GetTableInfo("numbers"));
  EXPECT_EQ(info->row_count, 3);
  EXPECT_THAT(info->keys, ::testing::ElementsAre("n"));
}

TEST_F(LmdbSessionTest, NumbersRowsThatHaveNoKeyAndGoesOnAfterTheLast) {
  TableSpec spec = Spec();
  spec.keys.clear();
  for (int load = 0; load < 2; ++load) {
    const auto session = Begin(spec, /*step_bytes=*/64);
    ASSERT_THAT(Stage(*session, Rows({5, 5}, "a")), IsOk());
    ASSERT_THAT(Stage(*session, Rows({5}, "a")), IsOk());
    ASSERT_EQ(Commit(*session), 3);
  }
  Pairs expected;
  for (uint64_t i = 0; i < 6; ++i) expected[RowNumberKey(i)] = Packed(5, "a");
  EXPECT_EQ(Now(), expected);
}

TEST_F(LmdbSessionTest, RefusesAKeyThatTheTableHasAndChangesNothing) {
  Load({1, 2, 3}, "a");
  const Pairs before = Now();
  {
    const auto session = Begin(Spec(), /*step_bytes=*/16);
    ASSERT_THAT(Stage(*session, Rows({10, 11}, "b")), IsOk());
    EXPECT_THAT(Stage(*session, Rows({4, 2}, "b")), FailsWith(FailureKind::kData, "n=2 row=1"));
    ASSERT_THAT(session->Abort(context_), IsOk());
    EXPECT_EQ(Now(), before);
  }
  EXPECT_EQ(Now(), before);
  EXPECT_FALSE(HasOpenLoad());
}

TEST_F(LmdbSessionTest, RefusesTwoRowsOfOneKeyInOneLoad) {
  const auto session = Begin(Spec());
  ASSERT_THAT(Stage(*session, Rows({4, 9}, "a")), IsOk());
  ASSERT_THAT(Stage(*session, Rows({9}, "b")), IsOk());
  EXPECT_THAT(session->Commit({}, context_), FailsWith(FailureKind::kData, "same key"));
  ASSERT_THAT(session->Abort(context_), IsOk());
  EXPECT_TRUE(Now().empty());
}

TEST_F(LmdbSessionTest, ReplacesAKeyWhereItIsTold) {
  Load({1, 2, 3}, "a");
  TableSpec spec = Spec();
  spec.on_duplicate = DuplicatePolicy::kReplace;
  const auto session = Begin(spec);
  ASSERT_THAT(Stage(*session, Rows({2, 5, 2}, "b")), IsOk());
  ASSERT_THAT(Stage(*session, Rows({5}, "c")), IsOk());
  ASSERT_EQ(Commit(*session), 4);
  const Pairs expected = {{Key(1), Packed(1, "a")},
                          {Key(2), Packed(2, "b")},
                          {Key(3), Packed(3, "a")},
                          {Key(5), Packed(5, "c")}};
  EXPECT_EQ(Now(), expected);
}

TEST_F(LmdbSessionTest, OverwritesInOneStepAndInMany) {
  for (const int64_t step_bytes : {1 << 20, 16}) {
    Load({1000000 + static_cast<uint32_t>(step_bytes), 2000000 + static_cast<uint32_t>(step_bytes)},
         "a");
    const Pairs before = Now();
    const auto session = Begin(Spec(LoadMode::kOverwrite), step_bytes);
    ASSERT_THAT(Stage(*session, Rows({5, 6}, "b")), IsOk());
    ASSERT_THAT(Stage(*session, Rows({1}, "b")), IsOk());
    EXPECT_EQ(Now(), before) << "a reader sees the old table until the commit";
    ASSERT_EQ(Commit(*session), 3);
    const Pairs expected = {
        {Key(1), Packed(1, "b")}, {Key(5), Packed(5, "b")}, {Key(6), Packed(6, "b")}};
    EXPECT_EQ(Now(), expected);
    EXPECT_FALSE(HasOpenLoad());
  }
}

TEST_F(LmdbSessionTest, AnOverwriteThatIsNotCommittedLeavesTheOldRows) {
  Load({1, 2}, "a");
  const Pairs before = Now();
  {
    const auto session = Begin(Spec(LoadMode::kOverwrite), 16);
    ASSERT_THAT(Stage(*session, Rows({5, 6, 7}, "b")), IsOk());
  }
  EXPECT_EQ(Now(), before);
  EXPECT_FALSE(HasOpenLoad());
  LMDBLoader loader(Config());
  ASSERT_THAT(loader.Connect(context_), IsOk());
  EXPECT_THAT(loader.ListTables().ValueOrDie(), ::testing::ElementsAre("numbers"));
}

TEST_F(LmdbSessionTest, ASecondLiveLoadIsToldWhoHoldsTheTable) {
  const auto first = Begin(Spec());
  LmdbSession second(Config(), Spec());
  EXPECT_THAT(second.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kConflict, "process " + std::to_string(getpid())));
  ASSERT_THAT(Stage(*first, Rows({1}, "a")), IsOk());
  EXPECT_EQ(Commit(*first), 1);
}

TEST_F(LmdbSessionTest, TakesBackWhatADeadLoadLeft) {
  Load({10, 20, 30}, "a");
  const Pairs before = Now();
  for (const auto mode : {LoadMode::kAppend, LoadMode::kOverwrite}) {
    const pid_t child = fork();
    if (child == 0) {
      const auto session = Begin(Spec(mode), /*step_bytes=*/16);
      bool ok = true;
      for (uint32_t i = 0; i < 50; ++i)
        ok = ok && Stage(*session, Rows({i * 40 + 1, i * 40 + 2}, "dead")).ok();
      _exit(ok ? 0 : 1);  // no destructor runs: as if killed
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    ASSERT_TRUE(HasOpenLoad());
    if (mode == LoadMode::kAppend) {
      ASSERT_NE(Now(), before);
    }
    {
      LmdbSession session(Config(), Spec());
      ASSERT_OK_AND_ASSIGN(const auto recovered, session.Recover(RecoverMode::kTakeOver, context_));
      EXPECT_NE(recovered.cleaned_up, "");
      EXPECT_EQ(Now(), before);
    }
    EXPECT_FALSE(HasOpenLoad());
  }
}

// Random loads against a std::map: any step size, ascending or not, new keys or old, committed,
// aborted or dropped.
TEST_F(LmdbSessionTest, AgreesWithAModelOverRandomLoads) {
  Pairs model;
  std::mt19937 random(20261122);
  for (int load = 0; load < 120; ++load) {
    TableSpec spec = Spec(random() % 5 == 0 ? LoadMode::kOverwrite : LoadMode::kAppend);
    spec.on_duplicate = random() % 2 == 0 ? DuplicatePolicy::kReplace : DuplicatePolicy::kFail;
    const int64_t step_bytes =
        random() % 2 == 0 ? 1 << 20 : 40 + static_cast<int64_t>(random() % 400);
    Pairs after = spec.mode == LoadMode::kOverwrite ? Pairs() : model;
    const std::string text = "l" + std::to_string(load) + "-";
    const auto session = Begin(spec, step_bytes);
    Status status;
    bool clash = false;
    uint32_t next = random() % 2 == 0 ? 0 : static_cast<uint32_t>(load) * 1000;
    const bool ascending = random() % 2 == 0;
    for (int batch = 0; batch < 4 && status.ok(); ++batch) {
      std::vector<uint32_t> numbers;
      for (int i = 0; i < 12; ++i) {
        next = ascending ? next + 1 + static_cast<uint32_t>(random() % 3)
                         : static_cast<uint32_t>(random() % 5000);
        numbers.push_back(next);
        clash = clash || after.contains(Key(next));
        after[Key(next)] = Packed(next, text);
      }
      status = Stage(*session, Rows(numbers, text));
    }
    const bool may_commit = spec.on_duplicate == DuplicatePolicy::kReplace || !clash;
    const int end = static_cast<int>(random() % 4);  // 0: abort, 1: drop, else commit
    if (status.ok() && end > 1) {
      const auto outcome = session->Commit({}, context_);
      ASSERT_EQ(outcome.ok(), may_commit) << outcome.status().ToString();
      if (outcome.ok()) model = after;
      if (!outcome.ok()) {
        ASSERT_THAT(session->Abort(context_), IsOk());
      }
    } else {
      ASSERT_TRUE(status.ok() || !may_commit) << status.ToString();
      if (end == 0) {
        ASSERT_THAT(session->Abort(context_), IsOk());
      }
    }
    if (end == 0) {
      ASSERT_EQ(Now(), model) << "load " << load;
    }
  }
  EXPECT_EQ(Now(), model);
  EXPECT_FALSE(HasOpenLoad());
}

TEST_F(LmdbSessionTest, RefusesRowsThatDoNotFitTheTable) {
  Load({1}, "a");
  TableSpec spec = Spec();
  spec.schema =
      arrow::schema({arrow::field("n", arrow::uint32(), false),
                     arrow::field("text", arrow::int64()), arrow::field("more", arrow::utf8())});
  LmdbSession session(Config(), spec);
  EXPECT_THAT(session.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kData,
                        "column text is string in the table, int64 in the rows; besides, evolve "
                        "would do this: adds more (string)"));
  EXPECT_FALSE(HasOpenLoad());
}

TEST_F(LmdbSessionTest, AddsAColumnWithTheCommitThatBringsIt) {
  Load({1}, "a");
  TableSpec spec = Spec();
  spec.on_schema_change = SchemaPolicy::kEvolve;
  const auto old = Rows({2}, "b");
  ASSERT_OK_AND_ASSIGN(const auto more,
                       old->AddColumn(2, arrow::field("more", arrow::utf8()), old->column(1)));
  spec.schema = more->schema();
  {
    LmdbSession session(Config(), spec);
    ASSERT_OK_AND_ASSIGN(const auto recovered, session.Recover(RecoverMode::kTakeOver, context_));
    EXPECT_EQ(recovered.evolved, "adds more (string)");
    EXPECT_THAT(Stage(session, more), IsOk());
  }
  EXPECT_EQ(TableSchema()->num_fields(), 2) << "nothing was committed";
  const auto session = Begin(spec);
  ASSERT_THAT(Stage(*session, more), IsOk());
  ASSERT_EQ(Commit(*session), 1);
  ASSERT_EQ(TableSchema()->num_fields(), 3);
  EXPECT_EQ(TableSchema()->field(2)->name(), "more");
}

TEST_F(LmdbSessionTest, RemembersTheLoadsThatAskForIt) {
  std::string wanted;
  for (uint32_t n = 1; n <= 3; ++n) {
    LmdbSession session(Config(), Spec(n == 3 ? LoadMode::kOverwrite : LoadMode::kAppend));
    ASSERT_OK_AND_ASSIGN(const auto recovered, session.Recover(RecoverMode::kTakeOver, context_));
    EXPECT_EQ(recovered.remembered_loads.size(), n == 1 ? 0U : 1U);
    if (n == 1) wanted = recovered.load_id;
    ASSERT_THAT(Stage(session, Rows({n}, "a")), IsOk());
    if (n == 1) session.RememberLoad();
    ASSERT_EQ(Commit(session), 1);
  }
  LmdbSession session(Config(), Spec());
  ASSERT_OK_AND_ASSIGN(const auto recovered, session.Recover(RecoverMode::kTakeOver, context_));
  EXPECT_EQ(recovered.remembered_loads, std::vector<std::string>{wanted});
}

TEST_F(LmdbSessionTest, RefusesAMissingTableWhereItIsNotToBeMade) {
  TableSpec spec = Spec();
  spec.create_table = false;
  LmdbSession session(Config(), spec);
  EXPECT_THAT(session.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kConfiguration, "missing"));
}

TEST_F(LmdbSessionTest, RefusesAnotherKeyThanTheTables) {
  Load({1}, "a");
  TableSpec spec = Spec();
  spec.keys = {"text"};
  LmdbSession session(Config(), spec);
  EXPECT_THAT(session.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kConfiguration, "key=[n]"));
}

TEST_F(LmdbSessionTest, RefusesADatabaseThatItDidNotMake) {
  auto environment = Environment::Open(path_, {.create = true}).ValueOrDie();
  ASSERT_THAT(environment->Write(0,
                                 [](Transaction& txn) -> Status {
                                   ARROW_ASSIGN_OR_RAISE(const auto dbi,
                                                         txn.OpenDatabase("numbers", true));
                                   return txn.Put(*dbi, "foreign", "row");
                                 }),
              IsOk());
  for (const auto mode : {LoadMode::kAppend, LoadMode::kOverwrite}) {
    LmdbSession session(Config(), Spec(mode));
    EXPECT_THAT(session.Recover(RecoverMode::kTakeOver, context_),
                FailsWith(FailureKind::kConfiguration, "did not make"));
  }
  EXPECT_EQ(Now().size(), 1U);
}

TEST_F(LmdbSessionTest, AnEmptyLoadMakesTheTable) {
  const auto session = Begin(Spec());
  ASSERT_EQ(Commit(*session), 0);
  LMDBLoader loader(Config());
  ASSERT_THAT(loader.Connect(context_), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto info, loader.GetTableInfo("numbers"));
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->row_count, 0);
}

}  // namespace
}  // namespace ampload::lmdb
