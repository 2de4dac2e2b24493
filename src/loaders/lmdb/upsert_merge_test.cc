// Upsert and merge: random loads against a model, and each rule by itself.
#include <arrow/json/from_string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loaders/lmdb/key_model_for_test.h"

namespace ampload::lmdb {
namespace {

using UpsertAndMerge = LmdbKeyedTest;

constexpr char kFormats[][10] = {"msgpack", "json", "arrow_ipc"};

enum class End { kCommit, kAbort, kLeft, kKilled };

// Loads of random rows, in one step or in many, committed, given up or killed: the table has what
// the model has, and what was not committed left nothing.
TEST_F(UpsertAndMerge, AgreesWithTheModelThroughRandomLoads) {
  int committed = 0, refused = 0, taken_back = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    RandomRows random(seed);
    const std::string format = kFormats[seed % 3];
    KeyModel model;
    {
      const auto base = random.Batch({"a", "b", "c", "ord"}, false, random.Roll(20), 20);
      ASSERT_TRUE(model.Apply({base}, LoadMode::kUpsert, false));
    }
    Make(model.rows(), format);
    for (int load = 0; load < 6; ++load) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " load " + std::to_string(load));
      const auto mode = random.Roll(2) == 0 ? LoadMode::kUpsert : LoadMode::kMerge;
      const bool has_ops = mode == LoadMode::kMerge && random.Roll(2) == 0;
      const bool ordered = random.Roll(2) == 0;
      std::vector<std::string> columns;
      for (const auto* name : {"a", "b", "c"}) {
        if (mode == LoadMode::kUpsert || random.Roll(2) == 0) columns.emplace_back(name);
      }
      if (ordered || mode == LoadMode::kUpsert) columns.emplace_back("ord");
      // Ops against the order across steps are refused: see below.
      const bool many_steps = !(has_ops && ordered) && random.Roll(3) > 0;
      std::vector<ModelBatch> batches;
      for (int i = random.Roll(5); i >= 0; --i) {
        batches.push_back(random.Batch(columns, has_ops, random.Roll(12), 25));
      }
      auto spec = KeyedSpec(mode, batches[0].Schema());
      if (ordered) spec.order_by = "ord";
      if (random.Roll(3) == 0) spec.pipeline = "p" + std::to_string(load);
      spec.add_pipeline = true;
      const auto end = random.Roll(2) == 0 ? End::kCommit : static_cast<End>(random.Roll(4));

      const auto before = model.rows();
      const bool possible = model.Apply(batches, mode, ordered);
      if (end != End::kCommit) model.Set(before);
      const auto run = [&]() -> Status {
        LmdbSession session(KeyedConfig("", many_steps ? 16 : 1 << 20), spec);
        ARROW_RETURN_NOT_OK(session.Recover(RecoverMode::kTakeOver, context_).status());
        int64_t staged = 0;
        for (const auto& batch : batches) {
          if (const Status status = Stage(session, batch.Arrow()); !status.ok()) {
            ARROW_RETURN_NOT_OK(session.Abort(context_));
            return status;
          }
          staged += static_cast<int64_t>(batch.rows.size());
        }
        if (end == End::kKilled) _exit(0);  // no destructor runs
        if (end == End::kAbort) return session.Abort(context_);
        if (end == End::kLeft) return Status::OK();
        const auto outcome = session.Commit({}, context_);
        if (!outcome.ok()) return outcome.status();
        EXPECT_EQ(std::get<Committed>(*outcome).rows, staged);
        return Status::OK();
      };
      if (end == End::kKilled) {
        const pid_t child = fork();
        if (child == 0) _exit(run().ok() ? 0 : 1);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        LmdbSession after(Config(), KeyedSpec(LoadMode::kUpsert, spec.schema));
        // Not every schema here is the table's; the dead load is taken back before that is seen.
        const auto ignored = after.Recover(RecoverMode::kTakeOver, context_);
        ++taken_back;
      } else {
        const Status status = run();
        // What is not committed may have failed in a step, or never have come that far.
        if (end == End::kCommit) {
          ASSERT_EQ(status.ok(), possible) << status.ToString();
          if (!possible) {
            ASSERT_EQ(KindOf(status), FailureKind::kData) << status.ToString();
          }
          ++(possible ? committed : refused);
        } else {
          ++taken_back;
        }
      }
      ASSERT_EQ(Read(), model.rows())
          << ToString(mode) << (has_ops ? " with ops" : "") << (ordered ? " ordered" : "")
          << (many_steps ? " in steps" : "");
      ASSERT_FALSE(HasOpenLoad());
      for (const auto& name : InternalDatabases()) ASSERT_FALSE(name.starts_with("__ampload__/o"));
    }
  }
  EXPECT_GT(committed, 100);
  EXPECT_GT(refused, 5);
  EXPECT_GT(taken_back, 80);
}

ModelBatch Of(std::vector<std::string> columns, std::vector<ModelRow> rows, bool ops = false) {
  return {std::move(columns), ops, std::move(rows)};
}

class OneRuleAtATime : public LmdbKeyedTest {
 protected:
  void SetUp() override { Make({{1, {{"a", "one"}, {"b", "uno"}}}, {2, {{"a", "two"}}}}, ""); }
  Status Run(LoadMode mode, const std::vector<ModelBatch>& batches, const std::string& order = "",
             int64_t step_bytes = 1 << 20) {
    auto spec = KeyedSpec(mode, batches[0].Schema());
    spec.order_by = order;
    LmdbSession session(KeyedConfig("", step_bytes), spec);
    ARROW_RETURN_NOT_OK(session.Recover(RecoverMode::kTakeOver, context_).status());
    for (const auto& batch : batches) ARROW_RETURN_NOT_OK(Stage(session, batch.Arrow()));
    return session.Commit({}, context_).status();
  }
};

TEST_F(OneRuleAtATime, AnUpsertReplacesTheRowWhole) {
  ASSERT_THAT(Run(LoadMode::kUpsert,
                  {Of({"a", "b", "c", "ord"}, {{1, "", {{"a", "new"}}}, {3, "", {{"c", "x"}}}})}),
              IsOk());
  const KeyModel::Rows expected = {{1, {{"a", "new"}}}, {2, {{"a", "two"}}}, {3, {{"c", "x"}}}};
  EXPECT_EQ(Read(), expected);
}

TEST_F(OneRuleAtATime, AMergeKeepsWhatTheRowsLack) {
  ASSERT_THAT(Run(LoadMode::kMerge, {Of({"a"}, {{1, "", {{"a", "new"}}}, {3, "", {}}})}), IsOk());
  const KeyModel::Rows expected = {{1, {{"a", "new"}, {"b", "uno"}}}, {2, {{"a", "two"}}}, {3, {}}};
  EXPECT_EQ(Read(), expected);
}

TEST_F(OneRuleAtATime, NullsInTheOrderColumnComeFirstAndTiesGoByArrival) {
  for (const int64_t step_bytes : {1 << 20, 1}) {
    ASSERT_THAT(Run(LoadMode::kUpsert,
                    {Of({"a", "ord"}, {{1, "", {{"a", "high"}, {"ord", "5"}}},
                                       {2, "", {{"a", "first"}, {"ord", "-1"}}}}),
                     Of({"a", "ord"},
                        {{1, "", {{"a", "null"}}}, {2, "", {{"a", "second"}, {"ord", "-1"}}}}),
                     Of({"a", "ord"}, {{1, "", {{"a", "low"}, {"ord", "4"}}}})},
                    "ord", step_bytes),
                IsOk());
    const KeyModel::Rows expected = {{1, {{"a", "high"}, {"ord", "5"}}},
                                     {2, {{"a", "second"}, {"ord", "-1"}}}};
    EXPECT_EQ(Read(), expected);
  }
  // Against what was there before the load, the new row wins always.
  ASSERT_THAT(
      Run(LoadMode::kUpsert, {Of({"a", "ord"}, {{1, "", {{"a", "later"}, {"ord", "-9"}}}})}, "ord"),
      IsOk());
  EXPECT_EQ(Read().at(1).at("a"), "later");
}

TEST_F(OneRuleAtATime, OpsOfOneKeyAreFolded) {
  ASSERT_THAT(Run(LoadMode::kMerge, {Of({"a", "b"},
                                        {{7, "insert", {{"a", "7"}, {"b", "7"}}},
                                         {7, "update", {{"a", "8"}}},
                                         {1, "delete", {}},
                                         {1, "insert", {{"b", "fresh"}}},
                                         {8, "insert", {{"a", "8"}}},
                                         {8, "delete", {}},
                                         {9, "delete", {}}},
                                        true)}),
              IsOk());
  const KeyModel::Rows expected = {{1, {{"b", "fresh"}}}, {2, {{"a", "two"}}}, {7, {{"a", "8"}}}};
  EXPECT_EQ(Read(), expected);
}

TEST_F(OneRuleAtATime, AnInsertNeedsANewKeyAndAnUpdateAnOldOne) {
  const auto before = Read();
  EXPECT_THAT(Run(LoadMode::kMerge, {Of({"a"}, {{3, "upsert", {}}, {2, "insert", {}}}, true)}),
              FailsWith(FailureKind::kData, "_op insert: a row with this key is already there"));
  EXPECT_THAT(Run(LoadMode::kMerge, {Of({"a"}, {{3, "update", {}}}, true)}),
              FailsWith(FailureKind::kData, "_op update: there is no row with this key"));
  EXPECT_THAT(Run(LoadMode::kMerge, {Of({"a"}, {{3, "update", {}}}, true)}),
              FailsWith(FailureKind::kData, "k=3 row=0"));
  EXPECT_EQ(Read(), before);
}

TEST_F(OneRuleAtATime, OpsAgainstTheOrderAcrossStepsAreRefused) {
  const auto early = Of({"a", "ord"}, {{5, "upsert", {{"a", "x"}, {"ord", "9"}}}}, true);
  const auto late = Of({"a", "ord"}, {{5, "delete", {{"ord", "3"}}}}, true);
  EXPECT_THAT(Run(LoadMode::kMerge, {early, late}, "ord", 1),
              FailsWith(FailureKind::kData, "against their order"));
  ASSERT_THAT(Run(LoadMode::kMerge, {early, late}, "ord"), IsOk()) << "in one step they are sorted";
  EXPECT_EQ(Read().at(5).at("a"), "x");
}

TEST_F(OneRuleAtATime, TheOpColumnIsNeitherStoredNorPlanned) {
  LMDBLoader loader(Config());
  ASSERT_THAT(loader.Connect(context_), IsOk());
  const auto batch = Of({"a"}, {{1, "update", {{"a", "x"}}}}, true);
  const auto spec = KeyedSpec(LoadMode::kMerge, batch.Schema());
  ASSERT_OK_AND_ASSIGN(const auto plan, loader.PlanTable(spec, batch.Arrow().get()));
  std::vector<std::string> planned;
  for (const auto& column : plan.columns) planned.push_back(column.column);
  EXPECT_THAT(planned, ::testing::ElementsAre("k", "a"));
  ASSERT_THAT(Run(LoadMode::kMerge, {batch}), IsOk());
  EXPECT_THAT(TableSchema()->field_names(), ::testing::ElementsAre("k", "a", "b", "c", "ord"));
}

TEST_F(OneRuleAtATime, InAnAppendAnOpColumnIsAColumnLikeAnyOther) {
  auto batch = Of({"a"}, {{50, "whatever", {}}}, true);
  auto spec = KeyedSpec(LoadMode::kAppend, batch.Schema());
  spec.name = "other";
  LmdbSession session(Config(), spec);
  ASSERT_THAT(session.Recover(RecoverMode::kTakeOver, context_), IsOk());
  ASSERT_THAT(Stage(session, batch.Arrow()), IsOk());
  ASSERT_EQ(Commit(session), 1);
  LMDBLoader loader(Config());
  ASSERT_THAT(loader.Connect(context_), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto rows, loader.ReadRows("other", {}));
  EXPECT_EQ(rows->GetColumnByName("_op")->GetScalar(0).ValueOrDie()->ToString(), "whatever");
}

TEST_F(OneRuleAtATime, ABadOpIsABadRow) {
  const auto batch = Of({"a"}, {{1, "update", {}}, {1, "replace", {}}}, true);
  const auto session = Begin(KeyedSpec(LoadMode::kMerge, batch.Schema()));
  StagedBatch staged;
  staged.batch = batch.Arrow();
  const auto encoded = session->encoder(0)->Encode(staged);
  EXPECT_THAT(encoded, FailsWith(FailureKind::kData, "insert, update, upsert, delete"));
  EXPECT_EQ(BadRowOf(encoded.status()), 1);
}

// t: k, s (never null), n
class ColumnsThatAreNeverNull : public LmdbKeyedTest {
 protected:
  void SetUp() override {
    const auto schema =
        arrow::schema({arrow::field("k", arrow::uint32(), false),
                       arrow::field("s", arrow::utf8(), false), arrow::field("n", arrow::utf8())});
    ASSERT_THAT(Run(LoadMode::kAppend, schema, R"([[1, "s1", "n1"], [2, "s2", "n2"]])"), IsOk());
  }
  Status Run(LoadMode mode, const std::shared_ptr<arrow::Schema>& schema, const std::string& json) {
    arrow::ArrayVector columns;
    auto rows = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json);
    EXPECT_THAT(rows, IsOk());
    const auto batch = arrow::RecordBatch::FromStructArray(*rows).ValueOrDie();
    LmdbSession session(Config(), KeyedSpec(mode, schema));
    ARROW_RETURN_NOT_OK(session.Recover(RecoverMode::kTakeOver, context_).status());
    ARROW_RETURN_NOT_OK(
        Stage(session, arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns())));
    return session.Commit({}, context_).status();
  }
};

TEST_F(ColumnsThatAreNeverNull, MayBeMissingInAMergeWhereTheKeyIsThere) {
  const auto schema =
      arrow::schema({arrow::field("k", arrow::uint32(), false), arrow::field("n", arrow::utf8())});
  ASSERT_THAT(Run(LoadMode::kMerge, schema, R"([[2, "new"]])"), IsOk());
  const KeyModel::Rows expected = {{1, {{"s", "s1"}, {"n", "n1"}}},
                                   {2, {{"s", "s2"}, {"n", "new"}}}};
  EXPECT_EQ(Read(), expected);
  EXPECT_THAT(Run(LoadMode::kMerge, schema, R"([[1, "x"], [3, "new"]])"),
              FailsWith(FailureKind::kData, "a new row lacks the column s"));
  EXPECT_EQ(Read(), expected);
  EXPECT_THAT(Run(LoadMode::kUpsert, schema, R"([[2, "new"]])"),
              FailsWith(FailureKind::kData, "column s"));
}

TEST_F(ColumnsThatAreNeverNull, MayBeNullInRowsThatDelete) {
  const auto schema =
      arrow::schema({arrow::field("_op", arrow::utf8_view()),
                     arrow::field("k", arrow::uint32(), false), arrow::field("s", arrow::utf8())});
  EXPECT_THAT(Run(LoadMode::kMerge, schema, R"([["delete", 1, null], ["update", 2, null]])"),
              FailsWith(FailureKind::kData, "column=s row=1"));
  ASSERT_THAT(Run(LoadMode::kMerge, schema, R"([["delete", 1, null], ["update", 2, "x"]])"),
              IsOk());
  const KeyModel::Rows expected = {{2, {{"s", "x"}, {"n", "n2"}}}};
  EXPECT_EQ(Read(), expected);
}

TEST_F(OneRuleAtATime, OnDuplicateIsRefused) {
  auto spec = KeyedSpec(LoadMode::kUpsert, Of({"a"}, {}).Schema());
  spec.on_duplicate = DuplicatePolicy::kReplace;
  LmdbSession session(Config(), spec);
  EXPECT_THAT(session.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kConfiguration, "--on-duplicate is about append"));
}

TEST_F(OneRuleAtATime, OrderByRefusesAListAtRecover) {
  auto spec =
      KeyedSpec(LoadMode::kUpsert, arrow::schema({arrow::field("k", arrow::uint32(), false),
                                                  arrow::field("l", arrow::list(arrow::int8()))}));
  spec.name = "lists";
  spec.order_by = "l";
  LmdbSession session(Config(), spec);
  EXPECT_THAT(session.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kConfiguration, "type=list<item: int8>"));
}

TEST_F(OneRuleAtATime, EvolvesWithTheLoad) {
  auto spec = KeyedSpec(LoadMode::kMerge, arrow::schema({arrow::field("k", arrow::uint32(), false),
                                                         arrow::field("d", arrow::utf8())}));
  {
    LmdbSession session(Config(), spec);
    EXPECT_THAT(session.Recover(RecoverMode::kTakeOver, context_),
                FailsWith(FailureKind::kData, "adds d"));
  }
  spec.on_schema_change = SchemaPolicy::kEvolve;
  const auto session = Begin(spec);
  ASSERT_THAT(Stage(*session, Of({"d"}, {{1, "", {{"d", "new"}}}}).Arrow()), IsOk());
  ASSERT_EQ(Commit(*session), 1);
  const KeyModel::Rows expected = {{1, {{"a", "one"}, {"b", "uno"}, {"d", "new"}}},
                                   {2, {{"a", "two"}}}};
  EXPECT_EQ(Read(), expected);
}

TEST_F(OneRuleAtATime, APatternTableTakesUpsertsWhereItsColumnsAreNamed) {
  auto config = Config();
  config.key_pattern = "row:{k}";
  auto spec = KeyedSpec(LoadMode::kUpsert, Of({"a"}, {}).Schema());
  spec.name = "patterned";
  for (const auto* text : {"first", "second"}) {
    LmdbSession session(config, spec);
    ASSERT_THAT(session.Recover(RecoverMode::kTakeOver, context_), IsOk());
    ASSERT_THAT(Stage(session, Of({"a"}, {{7, "", {{"a", text}}}}).Arrow()), IsOk());
    ASSERT_EQ(Commit(session), 1);
  }
  const auto pairs = ReadPairs(path_, "patterned");
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs.begin()->first, "row:7");
  EXPECT_NE(pairs.begin()->second.find("second"), std::string::npos);
  spec.keys = {"a"};
  LmdbSession other(config, spec);
  EXPECT_THAT(other.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kConfiguration, "name different columns"));
  spec.keys = {"a", "k"};
  config.key_pattern = "{k}{a}";
  LmdbSession ambiguous(config, spec);
  EXPECT_THAT(ambiguous.Recover(RecoverMode::kTakeOver, context_),
              FailsWith(FailureKind::kConfiguration, "key"));
}

}  // namespace
}  // namespace ampload::lmdb
