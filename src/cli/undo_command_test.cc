#include <arrow/json/from_string.h>
#include <gmock/gmock.h>

#include "ampload/loader.h"
#include "cli/testing/cli_fixture.h"
#include "loader/target.h"
#include "matchers.h"

namespace ampload::cli {
namespace {

using ::testing::AllOf;
using testing::CliTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Ran;

struct PlannedBatch {
  std::vector<uint32_t> keys;
  std::vector<BlockRange> ranges;
};

BlockRange Range(const std::string& network, uint64_t start, uint64_t end) {
  return {network, {start}, {end}, "0x" + std::to_string(end), start == 0 ? "" : "0xaa"};
}

// A stream over two networks; the fourth batch carries both.
std::vector<PlannedBatch> SixBatches() {
  return {
      {{10, 11}, {Range("eth", 0, 9)}},    {{20, 21}, {Range("base", 0, 4)}},
      {{30, 31}, {Range("eth", 10, 19)}},  {{40, 41}, {Range("eth", 20, 29), Range("base", 5, 9)}},
      {{50, 51}, {Range("base", 10, 14)}}, {{60, 61}, {Range("eth", 30, 39)}}};
}

// The command on an LMDB environment that a stream has written.
class UndoCommandTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    registry_ = LoaderRegistry::BuiltIn();
    ASSERT_THAT(registry_.Add(testing::ShelfDescriptor(shelf_)), IsOk());
    uri_ = "lmdb:" + PathOf("env") + "?sync=none";
  }

  std::unique_ptr<Loader> Connect() {
    const auto target = ResolveTarget(registry_, ConfigFile(), uri_).ValueOrDie();
    auto loader = MakeLoader(target).ValueOrDie();
    EXPECT_THAT(loader->Connect({}), IsOk());
    return loader;
  }
  static TableSpec Spec(LoadMode mode = LoadMode::kAppend) {
    TableSpec spec;
    spec.name = "numbers";
    spec.schema = arrow::schema(
        {arrow::field("n", arrow::uint32(), false), arrow::field("batch", arrow::int64())});
    spec.mode = mode;
    spec.keys = {"n"};
    spec.pipeline = "live";
    spec.streaming = true;
    return spec;
  }
  static std::shared_ptr<arrow::RecordBatch> Rows(const std::vector<uint32_t>& keys,
                                                  int64_t batch) {
    arrow::UInt32Builder n;
    arrow::Int64Builder batches;
    for (const auto key : keys) {
      EXPECT_THAT(n.Append(key), IsOk());
      EXPECT_THAT(batches.Append(batch), IsOk());
    }
    return arrow::RecordBatch::Make(Spec().schema, static_cast<int64_t>(keys.size()),
                                    {n.Finish().ValueOrDie(), batches.Finish().ValueOrDie()});
  }
  static BatchId Id(int64_t number, int64_t slot) {
    return BatchId(number << BatchId::kSlotBits | slot);
  }
  // Commits one batch on top of `checkpoint`.
  static void Commit(WriteSession& session, int64_t number, int64_t slot, const PlannedBatch& batch,
                     Checkpoint& checkpoint) {
    StagedBatch staged;
    staged.batch = Rows(batch.keys, number);
    staged.id = Id(number, slot);
    const auto rows = static_cast<int64_t>(batch.keys.size());
    checkpoint.ladder.push_back({.batch = staged.id, .rows = rows, .ranges = batch.ranges});
    checkpoint.last_batch_id = staged.id;
    checkpoint.rows_total += rows;
    for (const auto& range : batch.ranges) checkpoint.highest_end[range.network] = range.end;
    ASSERT_THAT(session.Stage(std::move(staged), {}), IsOk());
    ASSERT_OK_AND_ASSIGN(const auto outcome, session.Commit(checkpoint, {}));
    ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  }
  void Stream(const TableSpec& spec, const std::vector<PlannedBatch>& batches) {
    const auto loader = Connect();
    ASSERT_OK_AND_ASSIGN(const auto session, loader->OpenSession({&spec, 1}));
    ASSERT_OK_AND_ASSIGN(const auto recovered, session->Recover(RecoverMode::kTakeOver, {}));
    Checkpoint checkpoint;
    checkpoint.retention_blocks = retention_blocks_;
    for (size_t i = 0; i < batches.size(); ++i) {
      Commit(*session, static_cast<int64_t>(i + 1), recovered.slot, batches[i], checkpoint);
    }
  }

  Ran Undo(std::vector<std::string> words) {
    words.insert(words.begin(),
                 {"undo", uri_, "--table", "numbers", "--config", PathOf("none.toml")});
    return RunAmpload(std::move(words));
  }
  // "key batch" of each row.
  std::vector<std::string> StoredRows() {
    const auto table = Connect()->ReadRows("numbers", {.limit = 1000}).ValueOrDie();
    std::vector<std::string> rows;
    for (int64_t i = 0; i < table->num_rows(); ++i) {
      rows.push_back(table->column(0)->GetScalar(i).ValueOrDie()->ToString() + " " +
                     table->column(1)->GetScalar(i).ValueOrDie()->ToString());
    }
    return rows;
  }
  Checkpoint StoredCheckpoint() {
    const auto checkpoints = Connect()->ReadCheckpoints("numbers").ValueOrDie();
    EXPECT_EQ(checkpoints.size(), 1U);
    return checkpoints.at(0);
  }

  std::string uri_;
  int64_t retention_blocks_ = 0;  // of the streams
};

TEST_F(UndoCommandTest, TakesRowsAndCheckpointBackTogether) {
  Stream(Spec(), SixBatches());
  const Checkpoint before = StoredCheckpoint();
  const Ran ran = Undo({"--from-block", "25", "--network", "eth"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "numbers: took back 3 batches, 6 rows, base 5 to 14, eth 20 to 39\n");
  EXPECT_THAT(ran.err, HasSubstr("numbers: takes back 3 batches, 6 rows, base 5 to 14, eth 20 to "
                                 "39: pipeline=live"));
  EXPECT_THAT(StoredRows(), ElementsAre("10 1", "11 1", "20 2", "21 2", "30 3", "31 3"));
  const Checkpoint after = StoredCheckpoint();
  EXPECT_EQ(after.ladder,
            std::vector<LadderEntry>(before.ladder.begin(), before.ladder.begin() + 3));
  EXPECT_EQ(after.rows_total, 6);
  EXPECT_EQ(after.source_position,
            R"({"base":{"number":4,"hash":"0x4"},"eth":{"number":19,"hash":"0x19"}})");
  EXPECT_EQ(after.highest_end, before.highest_end);
  EXPECT_EQ(after.last_batch_id, before.last_batch_id);
  EXPECT_EQ(after.sequence, before.sequence + 1);
}

TEST_F(UndoCommandTest, ASecondUndoHasNothingToDoAndFencesNobody) {
  Stream(Spec(), SixBatches());
  ASSERT_EQ(Undo({"--from-block", "25", "--network", "eth"}).status, 0);
  const Checkpoint before = StoredCheckpoint();
  const Ran ran = Undo({"--from-block", "25", "--network", "eth"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("nothing to take back: network=eth from_block=25"));
  const Checkpoint after = StoredCheckpoint();
  EXPECT_EQ(after.owner, before.owner);
  EXPECT_EQ(after.sequence, before.sequence);
}

TEST_F(UndoCommandTest, AResumedStreamGoesOnBehindWhatIsLeft) {
  Stream(Spec(), SixBatches());
  ASSERT_EQ(Undo({"--from-block", "25", "--network", "eth"}).status, 0);
  const auto loader = Connect();
  const TableSpec spec = Spec();
  ASSERT_OK_AND_ASSIGN(const auto session, loader->OpenSession({&spec, 1}));
  ASSERT_OK_AND_ASSIGN(const auto recovered, session->Recover(RecoverMode::kTakeOver, {}));
  ASSERT_EQ(recovered.finding, RecoverFinding::kResumed);
  Checkpoint checkpoint = *recovered.checkpoint;
  EXPECT_EQ(checkpoint.ladder.size(), 3U);
  Commit(*session, 7, recovered.slot, {{40, 60}, {Range("eth", 20, 25)}}, checkpoint);
  EXPECT_THAT(StoredRows(),
              ElementsAre("10 1", "11 1", "20 2", "21 2", "30 3", "31 3", "40 7", "60 7"));
}

TEST_F(UndoCommandTest, ARunningStreamIsFenced) {
  Stream(Spec(), SixBatches());
  const auto loader = Connect();
  const TableSpec spec = Spec();
  ASSERT_OK_AND_ASSIGN(const auto session, loader->OpenSession({&spec, 1}));
  ASSERT_OK_AND_ASSIGN(const auto recovered, session->Recover(RecoverMode::kTakeOver, {}));
  EXPECT_EQ(Undo({"--from-block", "30", "--network", "eth"}).status, 0);
  ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(*recovered.checkpoint, {}));
  EXPECT_TRUE(std::holds_alternative<Fenced>(outcome));
  EXPECT_EQ(StoredRows().size(), 10U);
}

TEST_F(UndoCommandTest, WhatARunningStreamHasNotCommittedGoesFirst) {
  Stream(Spec(), SixBatches());
  uri_ += "&step_bytes=1";
  const auto loader = Connect();
  const TableSpec spec = Spec();
  ASSERT_OK_AND_ASSIGN(const auto session, loader->OpenSession({&spec, 1}));
  ASSERT_THAT(session->Recover(RecoverMode::kTakeOver, {}), IsOk());
  StagedBatch staged;
  staged.batch = Rows({70}, 7);
  staged.id = Id(7, 0);
  ASSERT_THAT(session->Stage(std::move(staged), {}), IsOk());
  ASSERT_EQ(StoredRows().size(), 13U) << "a step of its own";
  const Ran ran = Undo({"--from-block", "30", "--network", "eth"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, HasSubstr("an unfinished load was taken back"));
  EXPECT_EQ(StoredRows().size(), 10U);
}

// Batch 4 replaces rows of 1, 5 and 6 rows of 4.
TEST_F(UndoCommandTest, AnUpsertStreamsRowsAreWhatTheyWereBefore) {
  auto batches = SixBatches();
  batches[3].keys = {10, 40};
  batches[4].keys = {40, 20};
  batches[5].keys = {60, 11};
  Stream(Spec(LoadMode::kUpsert), batches);
  ASSERT_EQ(Undo({"--from-block", "39", "--network", "eth"}).status, 0);
  EXPECT_THAT(StoredRows(), ElementsAre("10 4", "11 1", "20 5", "21 2", "30 3", "31 3", "40 5"));
  ASSERT_EQ(Undo({"--from-block", "29", "--network", "eth"}).status, 0);
  EXPECT_THAT(StoredRows(), ElementsAre("10 1", "11 1", "20 2", "21 2", "30 3", "31 3"));
}

// Batches of single networks, so that the older one goes from under the newer.
TEST_F(UndoCommandTest, AnUpsertThatStaysIsLeftAloneAndInheritsTheOlderRow) {
  Stream(Spec(LoadMode::kUpsert), {{{1, 2}, {Range("eth", 0, 9)}},
                                   {{1, 3}, {Range("base", 0, 9)}},
                                   {{1, 2}, {Range("eth", 10, 19)}}});
  ASSERT_EQ(Undo({"--from-block", "0", "--network", "base"}).status, 0);
  EXPECT_THAT(StoredRows(), ElementsAre("1 3", "2 3"));
  ASSERT_EQ(Undo({"--from-block", "10", "--network", "eth"}).status, 0);
  EXPECT_THAT(StoredRows(), ElementsAre("1 1", "2 1")) << "not the undone batch's row";
  ASSERT_EQ(Undo({"--from-block", "0", "--network", "eth"}).status, 0);
  EXPECT_TRUE(StoredRows().empty());
}

TEST_F(UndoCommandTest, AMergeThatStaysIsDoneAgainOnTheOlderRow) {
  TableSpec whole = Spec(LoadMode::kMerge);
  whole.schema =
      arrow::schema({arrow::field("n", arrow::uint32(), false),
                     arrow::field("batch", arrow::int64()), arrow::field("other", arrow::int64())});
  const auto loader = Connect();
  Checkpoint checkpoint;
  const auto merge = [&](int64_t number, const TableSpec& spec, const std::string& json,
                         const BlockRange& range) {
    ASSERT_OK_AND_ASSIGN(const auto session, loader->OpenSession({&spec, 1}));
    ASSERT_OK_AND_ASSIGN(const auto recovered, session->Recover(RecoverMode::kTakeOver, {}));
    StagedBatch staged;
    staged.batch = arrow::RecordBatch::FromStructArray(
                       arrow::json::ArrayFromJSONString(arrow::struct_(spec.schema->fields()), json)
                           .ValueOrDie())
                       .ValueOrDie();
    staged.id = Id(number, recovered.slot);
    checkpoint.ladder.push_back({.batch = staged.id, .rows = 1, .ranges = {range}});
    checkpoint.highest_end[range.network] = range.end;
    ASSERT_THAT(session->Stage(std::move(staged), {}), IsOk());
    ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(checkpoint, {}));
    ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  };
  merge(1, whole, R"([{"n": 1, "batch": 1, "other": 1}])", Range("eth", 0, 9));
  merge(2, whole, R"([{"n": 1, "batch": 2, "other": 2}])", Range("base", 0, 9));
  merge(3, Spec(LoadMode::kMerge), R"([{"n": 1, "batch": 3}])", Range("eth", 10, 19));
  const auto row = [&] {
    const auto table = loader->ReadRows("numbers", {.limit = 10}).ValueOrDie();
    EXPECT_EQ(table->num_rows(), 1);
    std::string text;
    for (const auto& column : table->columns()) {
      text += column->GetScalar(0).ValueOrDie()->ToString() + " ";
    }
    return text;
  };
  EXPECT_EQ(row(), "1 3 2 ");
  ASSERT_EQ(Undo({"--from-block", "0", "--network", "base"}).status, 0);
  EXPECT_EQ(row(), "1 3 1 ");
  ASSERT_EQ(Undo({"--from-block", "10", "--network", "eth"}).status, 0);
  EXPECT_EQ(row(), "1 1 1 ");
}

TEST_F(UndoCommandTest, ATableWhoseKeyIsATextIsOpenedWithoutSayingSo) {
  const std::string plain = uri_;
  uri_ += "&key_pattern=row:{n}";
  TableSpec spec = Spec();
  spec.keys.clear();
  Stream(spec, {{{1}, {Range("eth", 0, 9)}}, {{2}, {Range("eth", 10, 19)}}});
  uri_ = plain;
  EXPECT_EQ(Undo({"--from-block", "15"}).status, 0);
  EXPECT_THAT(StoredRows(), ElementsAre("1 1"));
}

TEST_F(UndoCommandTest, ADryRunWritesNothingAndFencesNobody) {
  Stream(Spec(), SixBatches());
  const auto loader = Connect();
  const TableSpec spec = Spec();
  ASSERT_OK_AND_ASSIGN(const auto session, loader->OpenSession({&spec, 1}));
  ASSERT_OK_AND_ASSIGN(const auto recovered, session->Recover(RecoverMode::kTakeOver, {}));
  const Ran ran = Undo({"--from-block", "30", "--network", "eth", "--dry-run"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("would take back 1 batch, 2 rows, eth 30 to 39; nothing was"));
  EXPECT_EQ(StoredRows().size(), 12U);
  Checkpoint checkpoint = *recovered.checkpoint;
  Commit(*session, 7, recovered.slot, {{70}, {Range("eth", 40, 40)}}, checkpoint);
}

TEST_F(UndoCommandTest, JsonSaysWhatWent) {
  Stream(Spec(), SixBatches());
  const Ran ran = Undo({"--from-block", "10", "--network", "base", "--json", "-q"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err, "");
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["success"], true);
  EXPECT_EQ(json["batches"], 1);
  EXPECT_EQ(json["rows"], 2);
  EXPECT_EQ(json["blocks"]["base"]["end"], 14);
  EXPECT_EQ(json["batch_ids"][0], Id(5, 0).value());
  EXPECT_EQ(json["dry_run"], false);
}

TEST_F(UndoCommandTest, EverythingMayGoBeforeTheFirstFinalBlock) {
  Stream(Spec(), SixBatches());
  EXPECT_EQ(Undo({"--from-block", "0", "--network", "eth"}).status, 0);
  EXPECT_THAT(StoredRows(), ElementsAre("20 2", "21 2"));
  EXPECT_EQ(Undo({"--from-block", "0", "--network", "base"}).status, 0);
  EXPECT_TRUE(StoredRows().empty());
  EXPECT_EQ(StoredCheckpoint().source_position, "{}");
  EXPECT_EQ(Undo({"--from-block", "0", "--network", "eth"}).status, 0) << "nothing is left";
}

TEST_F(UndoCommandTest, AFinalBlockIsRefused) {
  Stream(Spec(), SixBatches());
  const Ran ran =
      Undo({"--from-block", "19", "--network", "eth", "--retention-blocks", "20", "--json"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("block 19 of eth is final"), HasSubstr("from_block=19")));
  EXPECT_EQ(nlohmann::json::parse(ran.out)["success"], false);
  EXPECT_EQ(StoredRows().size(), 12U);
}

TEST_F(UndoCommandTest, WhatIsFinalIsTheStreamsToSay) {
  retention_blocks_ = 20;
  Stream(Spec(), SixBatches());
  const Ran final_block = Undo({"--from-block", "19", "--network", "eth"});
  EXPECT_EQ(final_block.status, 1);
  EXPECT_THAT(final_block.err, HasSubstr("block 19 of eth is final"));
  EXPECT_EQ(StoredRows().size(), 12U);
  const Ran said_otherwise =
      Undo({"--from-block", "19", "--network", "eth", "--retention-blocks", "30"});
  EXPECT_EQ(said_otherwise.status, 0) << said_otherwise.err;
  EXPECT_THAT(StoredRows(), ElementsAre("10 1", "11 1", "20 2", "21 2"));
}

TEST_F(UndoCommandTest, AsksForTheNetworkWhereThereAreSeveral) {
  Stream(Spec(), SixBatches());
  const Ran missing = Undo({"--from-block", "19"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.err,
              AllOf(HasSubstr("name one with --network"), HasSubstr("networks=base,eth")));
  const Ran wrong = Undo({"--from-block", "19", "--network", "bose"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean base?"));
}

TEST_F(UndoCommandTest, TakesTheOnlyNetworkWithoutBeingAsked) {
  Stream(Spec(), {{{1}, {Range("eth", 0, 9)}}, {{2}, {Range("eth", 10, 19)}}});
  EXPECT_EQ(Undo({"--from-block", "19"}).status, 0);
  EXPECT_THAT(StoredRows(), ElementsAre("1 1"));
}

TEST_F(UndoCommandTest, AsksForThePipelineWhereThereAreSeveral) {
  Stream(Spec(), {{{1}, {Range("eth", 0, 9)}}});
  TableSpec second = Spec();
  second.pipeline = "backfill";
  second.add_pipeline = true;
  Stream(second, {{{2}, {Range("eth", 0, 9)}}, {{3}, {Range("eth", 10, 19)}}});
  const Ran ran = Undo({"--from-block", "5"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("--pipeline"), HasSubstr("backfill,live")));
  EXPECT_EQ(Undo({"--from-block", "5", "--pipeline", "backfil"}).status, 2);
  EXPECT_EQ(Undo({"--from-block", "15", "--pipeline", "backfill"}).status, 0);
  EXPECT_THAT(StoredRows(), ElementsAre("1 1", "2 1"));
}

TEST_F(UndoCommandTest, ATableWithoutAStreamIsRefused) {
  ASSERT_EQ(RunAmpload({"load", WriteParquet("numbers.parquet", 3), "--to", uri_, "--config",
                        PathOf("none.toml")})
                .status,
            0);
  const Ran ran = Undo({"--from-block", "1"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("no stream writes this table"));
}

TEST_F(UndoCommandTest, AMissingTableNamesTheNearest) {
  Stream(Spec(), SixBatches());
  const Ran ran = RunAmpload(
      {"undo", uri_, "--table", "number", "--from-block", "1", "--config", PathOf("none.toml")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("undo: no such table; did you mean numbers?"));
}

TEST_F(UndoCommandTest, ABlockIsAWholeNumber) {
  for (const char* text : {"", "x", "-1", "1.5", "1 ", "18446744073709551616"}) {
    const Ran ran = Undo({"--from-block=" + std::string(text)});
    EXPECT_EQ(ran.status, 2) << text;
    EXPECT_THAT(ran.err, HasSubstr("--from-block")) << text;
  }
}

TEST_F(UndoCommandTest, TheBlockAndTheTableAreAskedFor) {
  EXPECT_EQ(RunAmpload({"undo", uri_, "--table", "numbers"}).status, 2);
  EXPECT_EQ(RunAmpload({"undo", uri_, "--from-block", "1"}).status, 2);
}

TEST_F(UndoCommandTest, AnotherWriterThatTakesOverMeanwhileIsStatus4) {
  shelf_.tables["numbers"] = arrow::Table::FromRecordBatches({Rows({1}, 1)}).ValueOrDie();
  Checkpoint checkpoint;
  checkpoint.pipeline = "live";
  checkpoint.ladder = {{.batch = Id(1, 0), .rows = 1, .ranges = {Range("eth", 0, 9)}}};
  checkpoint.highest_end["eth"] = {9};
  shelf_.checkpoints["numbers"] = {checkpoint};
  shelf_.fenced = true;
  uri_ = "shelf:a";
  const Ran ran = Undo({"--from-block", "5", "--json"});
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(ran.err, HasSubstr("another writer took over, nothing was taken back"));
  EXPECT_EQ(nlohmann::json::parse(ran.out)["success"], false);
  EXPECT_TRUE(shelf_.spec.streaming);
  EXPECT_FALSE(shelf_.spec.create_table);
}

}  // namespace
}  // namespace ampload::cli
