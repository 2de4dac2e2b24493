// Columns that change between commits, by this session and by others.
#include <arrow/json/from_string.h>

#include "loaders/lmdb/key_model_for_test.h"

namespace ampload::lmdb {
namespace {

class Evolving : public LmdbKeyedTest {
 protected:
  static std::shared_ptr<arrow::Schema> Schema(
      const arrow::FieldVector& more = {}, std::shared_ptr<arrow::DataType> type = arrow::int32()) {
    arrow::FieldVector fields = {arrow::field("k", arrow::uint32(), false),
                                 arrow::field("v", std::move(type))};
    fields.insert(fields.end(), more.begin(), more.end());
    return arrow::schema(fields);
  }
  TableSpec PipelineSpec(const std::string& pipeline,
                         SchemaPolicy policy = SchemaPolicy::kEvolve) const {
    auto spec = KeyedSpec(LoadMode::kAppend, Schema());
    spec.pipeline = pipeline;
    spec.add_pipeline = true;
    spec.on_schema_change = policy;
    return spec;
  }
  static std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::Schema>& schema,
                                                   const std::string& json) {
    const auto rows =
        arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json).ValueOrDie();
    const auto batch = arrow::RecordBatch::FromStructArray(rows).ValueOrDie();
    return arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
  }
  static SchemaChange Adds(const std::string& name) {
    return {.table = 0, .added = {arrow::field(name, arrow::utf8())}, .widened = {}};
  }
  static SchemaChange Widens(std::shared_ptr<arrow::DataType> type) {
    return {.table = 0, .added = {}, .widened = {arrow::field("v", std::move(type))}};
  }
};

TEST_F(Evolving, AddsAndWidensWithTheNextCommit) {
  const auto session = Begin(PipelineSpec("p"));
  ASSERT_THAT(Stage(*session, Batch(Schema(), "[[1, 10]]")), IsOk());
  ASSERT_EQ(Commit(*session), 1);
  const auto* before = session->encoder(0);
  auto change = Adds("x");
  change.widened = Widens(arrow::int64()).widened;
  ASSERT_THAT(session->Evolve(change, context_), IsOk());
  EXPECT_NE(session->encoder(0), before);
  EXPECT_TRUE(TableSchema()->Equals(*Schema())) << "not before the commit";
  const auto wide = Schema({arrow::field("x", arrow::utf8())}, arrow::int64());
  ASSERT_THAT(Stage(*session, Batch(wide, R"([[2, 5000000000, "new"]])")), IsOk());
  ASSERT_EQ(Commit(*session), 1);
  EXPECT_TRUE(TableSchema()->Equals(*wide)) << TableSchema()->ToString();
  const KeyModel::Rows expected = {{1, {{"v", "10"}}}, {2, {{"v", "5000000000"}, {"x", "new"}}}};
  EXPECT_EQ(Read(), expected);
}

TEST_F(Evolving, AbortTakesItBack) {
  const auto session = Begin(PipelineSpec("p"), /*step_bytes=*/1);
  ASSERT_THAT(Stage(*session, Batch(Schema(), "[[1, 10]]")), IsOk());
  ASSERT_EQ(Commit(*session), 1);
  ASSERT_THAT(session->Evolve(Adds("x"), context_), IsOk());
  ASSERT_THAT(session->Evolve(Adds("y"), context_), IsOk());
  const auto both = Schema({arrow::field("x", arrow::utf8()), arrow::field("y", arrow::utf8())});
  ASSERT_THAT(Stage(*session, Batch(both, R"([[2, 20, "x", "y"]])")), IsOk());
  EXPECT_THAT(session->Evolve(Adds("z"), context_),
              FailsWith(FailureKind::kConfiguration, "between commits only"));
  ASSERT_THAT(session->Abort(context_), IsOk());
  EXPECT_FALSE(Stage(*session, Batch(both, R"([[2, 20, "x", "y"]])")).ok());
  ASSERT_THAT(Stage(*session, Batch(Schema(), "[[2, 20]]")), IsOk());
  ASSERT_EQ(Commit(*session), 1);
  EXPECT_TRUE(TableSchema()->Equals(*Schema()));
}

TEST_F(Evolving, RefusesWhatCompareSchemasRefusesAndGoesOnAsBefore) {
  const auto session = Begin(PipelineSpec("p"));
  ASSERT_THAT(Stage(*session, Batch(Schema(), "[[1, 10]]")), IsOk());
  ASSERT_EQ(Commit(*session), 1);
  EXPECT_THAT(session->Evolve(Widens(arrow::int8()), context_),
              FailsWith(FailureKind::kData, "only be widened"));
  EXPECT_THAT(session->Evolve(Adds("v"), context_), FailsWith(FailureKind::kData, "already"));
  SchemaChange key;
  key.widened = {arrow::field("k", arrow::uint64(), false)};
  EXPECT_THAT(session->Evolve(key, context_), FailsWith(FailureKind::kData, "column k"));
  ASSERT_THAT(Stage(*session, Batch(Schema(), "[[2, 20]]")), IsOk());
  ASSERT_EQ(Commit(*session), 1);
  EXPECT_TRUE(TableSchema()->Equals(*Schema()));
  const auto frozen = Begin(PipelineSpec("q", SchemaPolicy::kFreeze));
  EXPECT_THAT(frozen->Evolve(Adds("x"), context_), FailsWith(FailureKind::kData, "evolve"));
}

TEST_F(Evolving, BeforeTheTableIsMade) {
  const auto session = Begin(PipelineSpec("p", SchemaPolicy::kFreeze));
  ASSERT_THAT(session->Evolve(Adds("x"), context_), IsOk());
  const auto wide = Schema({arrow::field("x", arrow::utf8())});
  ASSERT_THAT(Stage(*session, Batch(wide, R"([[1, 1, "x"]])")), IsOk());
  ASSERT_EQ(Commit(*session), 1);
  EXPECT_TRUE(TableSchema()->Equals(*wide));
}

TEST_F(Evolving, ABatchThatWasEncodedBeforeIsNotStagedAfter) {
  const auto session = Begin(PipelineSpec("p"));
  StagedBatch early;
  early.batch = Batch(Schema(), "[[1, 10]]");
  ASSERT_OK_AND_ASSIGN(early.encoded, session->encoder(0)->Encode(early));
  ASSERT_THAT(session->Evolve(Adds("x"), context_), IsOk());
  EXPECT_THAT(session->Stage(std::move(early), context_),
              FailsWith(FailureKind::kConfiguration, "encoded before the columns changed"));
}

TEST_F(Evolving, AnotherPipelinesNewColumnsStay) {
  const auto narrow = Begin(PipelineSpec("narrow", SchemaPolicy::kFreeze));
  const auto wide = Begin(PipelineSpec("wide"));
  ASSERT_THAT(Stage(*narrow, Batch(Schema(), "[[1, 10]]")), IsOk());
  ASSERT_EQ(Commit(*narrow), 1);
  ASSERT_THAT(wide->Evolve(Adds("x"), context_), IsOk());
  const auto with_x = Schema({arrow::field("x", arrow::utf8())});
  ASSERT_THAT(Stage(*wide, Batch(with_x, R"([[2, 20, "x"]])")), IsOk());
  ASSERT_EQ(Commit(*wide), 1);
  ASSERT_TRUE(TableSchema()->Equals(*with_x));
  ASSERT_THAT(Stage(*narrow, Batch(Schema(), "[[3, 30]]")), IsOk());
  ASSERT_EQ(Commit(*narrow), 1);
  EXPECT_TRUE(TableSchema()->Equals(*with_x));
  // And one that evolves the table itself puts its columns behind them.
  const auto third = Begin(PipelineSpec("third"));
  ASSERT_THAT(third->Evolve(Adds("y"), context_), IsOk());
  ASSERT_THAT(wide->Evolve(Adds("z"), context_), IsOk());
  ASSERT_EQ(Commit(*third), 0);
  ASSERT_EQ(Commit(*wide), 0);
  EXPECT_THAT(TableSchema()->field_names(), ::testing::ElementsAre("k", "v", "x", "y", "z"));
}

TEST_F(Evolving, AnotherPipelinesOtherTypeIsRefused) {
  const auto first = Begin(PipelineSpec("first"));
  const auto second = Begin(PipelineSpec("second"));
  ASSERT_EQ(Commit(*first), 0);
  ASSERT_THAT(first->Evolve(Adds("x"), context_), IsOk());
  SchemaChange number;
  number.added = {arrow::field("x", arrow::int64())};
  ASSERT_THAT(second->Evolve(number, context_), IsOk());
  ASSERT_EQ(Commit(*first), 0);
  EXPECT_THAT(second->Commit({}, context_), FailsWith(FailureKind::kData, "column x is"));
  ASSERT_THAT(second->Abort(context_), IsOk());
  ASSERT_THAT(Stage(*second, Batch(Schema(), "[[7, 70]]")), IsOk());
  EXPECT_EQ(Commit(*second), 1);
}

TEST_F(Evolving, APipelineThatEvolvesForgetsNoRememberedLoad) {
  auto spec = KeyedSpec(LoadMode::kAppend, Schema());
  ASSERT_EQ(Commit(*Begin(spec)), 0);
  const auto pipeline = Begin(PipelineSpec("p"));
  {
    const auto one_off = Begin(spec);
    one_off->RememberLoad();
    ASSERT_EQ(Commit(*one_off), 0);
  }
  ASSERT_THAT(pipeline->Evolve(Adds("x"), context_), IsOk());
  ASSERT_EQ(Commit(*pipeline), 0);
  LmdbSession after(Config(), spec);
  ASSERT_OK_AND_ASSIGN(const auto recovered, after.Recover(RecoverMode::kTakeOver, context_));
  EXPECT_EQ(recovered.remembered_loads.size(), 1U);
}

}  // namespace
}  // namespace ampload::lmdb
