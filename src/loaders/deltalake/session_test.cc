#include "loaders/deltalake/session.h"

#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <filesystem>

#include "loaders/deltalake/session_for_test.h"

namespace ampload::deltalake {
namespace {

namespace fs = std::filesystem;
using lake::PutOutcome;

TEST_F(DeltaSessions, CommitRowsAndPlaceTogether) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1, 2, 3}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(Ladder({{kOne, 3}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  EXPECT_EQ(std::get<Committed>(outcome).rows, 3);
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 2, 3}));
  Recovered again;
  TakeOver(Spec("p"), &again);
  EXPECT_EQ(again.finding, RecoverFinding::kResumed);
  EXPECT_EQ(again.checkpoint->ladder.size(), 1U);
  EXPECT_EQ(again.checkpoint->sequence, 1);
  EXPECT_EQ(again.checkpoint->epoch.value, 2);
}

TEST_F(DeltaSessions, ThatWereTakenOverAreFenced) {
  auto old = TakeOver(Spec("p"));
  ASSERT_THAT(old->Stage(BatchOf(kOne, {1}), {}), IsOk());
  auto young = TakeOver(Spec("p"));
  ASSERT_OK_AND_ASSIGN(const auto outcome, old->Commit(Ladder({{kOne, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Fenced>(outcome));
  ASSERT_OK_AND_ASSIGN(const auto settled, old->Recover(RecoverMode::kSettle, {}));
  EXPECT_EQ(settled.finding, RecoverFinding::kFenced);
  EXPECT_TRUE(Rows().empty());
  old.reset();
  EXPECT_TRUE(DataFiles().empty());
}

TEST_F(DeltaSessions, TakeBatchesBackByRemovingTheirFiles) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1, 2}), {}), IsOk());
  ASSERT_THAT(session->Stage(BatchOf(kTwo, {3}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto first, session->Commit(Ladder({{kOne, 2}, {kTwo, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(first));
  EXPECT_EQ(Files().adds().size(), 2U);
  const auto before = DataFiles();
  ASSERT_THAT(session->Undo({kTwo}, {}), IsOk());
  ASSERT_THAT(session->Stage(BatchOf(kThree, {4}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto second, session->Commit(Ladder({{kOne, 2}, {kThree, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(second));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 2, 4}));
  EXPECT_EQ(DataFiles().size(), before.size() + 1);  // nothing was rewritten
}

TEST_F(DeltaSessions, RewriteAFileThatMixesBatches) {
  config_.target_file_size = 64 << 20;
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1, 2}), {}), IsOk());
  ASSERT_THAT(session->Stage(BatchOf(kTwo, {3}), {}), IsOk());
  // Both are final at once: they share a file.
  ASSERT_OK_AND_ASSIGN(const auto first, session->Commit(Ladder({}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(first));
  ASSERT_EQ(Files().adds().size(), 1U);
  ASSERT_THAT(session->Undo({kTwo}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto second, session->Commit(Ladder({{kOne, 2}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(second));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 2}));
}

TEST_F(DeltaSessions, RewriteAFileOfATableWithVoidsWithoutThem) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1, 2}), {}), IsOk());
  ASSERT_THAT(session->Stage(BatchOf(kTwo, {3}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto first, session->Commit(Ladder({}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(first));
  // Somebody adds columns that are void, and one that has a void in it.
  auto table = Table();
  auto columns = table.schema->fields();
  columns.insert(columns.begin(), arrow::field("v", arrow::null()));
  columns.push_back(arrow::field(
      "s", arrow::struct_({arrow::field("v", arrow::null()), arrow::field("a", arrow::int64())})));
  auto metadata = table.metadata;
  ASSERT_OK_AND_ASSIGN(metadata.schema_string, SchemaToJson(*arrow::schema(columns)));
  ASSERT_THAT(Log(inner_).Put(table.version + 1, {metadata}, {}), IsOk());
  session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Undo({kTwo}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto second, session->Commit(Ladder({{kOne, 2}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(second));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 2}));
  table = Table();
  const auto files = Files();
  ASSERT_EQ(files.adds().size(), 1U);
  ASSERT_OK_AND_ASSIGN(const auto input,
                       arrow::io::ReadableFile::Open(folder_ / files.adds().begin()->second.path));
  ASSERT_OK_AND_ASSIGN(const auto reader,
                       parquet::arrow::OpenFile(input, arrow::default_memory_pool()));
  std::shared_ptr<arrow::Schema> in_file;
  ASSERT_THAT(reader->GetSchema(&in_file), IsOk());
  EXPECT_EQ(in_file->field_names(), (std::vector<std::string>{"n", kBatchIdColumn, "s"}));
  EXPECT_TRUE(
      in_file->field(2)->type()->Equals(arrow::struct_({arrow::field("a", arrow::int64())})))
      << in_file->ToString();
  // The same file, read as the table has it now.
  int64_t nulls = 0;
  const auto count = [&](const std::shared_ptr<arrow::RecordBatch>& rows) -> Result<bool> {
    EXPECT_TRUE(rows->schema()->Equals(*table.schema));
    nulls += rows->GetColumnByName("v")->null_count() + rows->GetColumnByName("s")->null_count();
    return true;
  };
  ASSERT_THAT(ReadDataFile(*inner_, table, files.adds().begin()->second, count, {}), IsOk());
  EXPECT_EQ(nulls, 4);
}

TEST_F(DeltaSessions, RewriteNoFileOfAColumnThatCannotBeWritten) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1, 2}), {}), IsOk());
  ASSERT_THAT(session->Stage(BatchOf(kTwo, {3}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto first, session->Commit(Ladder({}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(first));
  auto table = Table();
  auto columns = table.schema->fields();
  columns.push_back(arrow::field("l", arrow::list(arrow::field("element", arrow::null()))));
  auto metadata = table.metadata;
  ASSERT_OK_AND_ASSIGN(metadata.schema_string, SchemaToJson(*arrow::schema(columns)));
  ASSERT_THAT(Log(inner_).Put(table.version + 1, {metadata}, {}), IsOk());
  auto spec = Spec("p");
  spec.undo_only = true;
  session = TakeOver(spec);
  ASSERT_THAT(session->Undo({kTwo}, {}), IsOk());
  EXPECT_THAT(session->Commit(Ladder({{kOne, 2}}), {}),
              FailsWith(FailureKind::kConfiguration, "column=l why=a list or map with a void"));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 2, 3}));
}

TEST_F(DeltaSessions, TellTheBatchesOfEachFileThatAStreamMakes) {
  const auto tags = [&] {
    std::multiset<std::string> out;
    const auto files = Files();
    for (const auto& [key, file] : files.adds()) {
      out.insert(file.tags.has_value() ? file.tags->at(kBatchesTag) : "none");
    }
    return out;
  };
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1, 2}), {}), IsOk());
  ASSERT_THAT(session->Stage(BatchOf(kTwo, {3}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto first, session->Commit(Ladder({}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(first));
  EXPECT_EQ(tags(), (std::multiset<std::string>{"32768,65536"}));
  // What is left of a file, and a file of one batch.
  ASSERT_THAT(session->Undo({kTwo}, {}), IsOk());
  ASSERT_THAT(session->Stage(BatchOf(kThree, {4}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto second, session->Commit(Ladder({{kThree, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(second));
  EXPECT_EQ(tags(), (std::multiset<std::string>{"32768", "98304"}));
  // Rows that are no stream's are of no batch, whatever they were staged as.
  auto load = TakeOver(Spec(""));
  ASSERT_THAT(load->Stage(BatchOf(kOne, {7}), {}), IsOk());
  ASSERT_THAT(load->Stage(BatchOf(kTwo, {8}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto third, load->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(third));
  EXPECT_EQ(tags(), (std::multiset<std::string>{"32768", "98304", "none"}));
}

TEST_F(DeltaSessions, ReadNoListOfFilesToAppend) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto first, session->Commit(Ladder({}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(first));
  auto table = Table();
  ASSERT_THAT(Log(inner_).WriteCheckpoint(&table, 0, {}), IsOk());
  session = TakeOver(Spec("p"));
  auto load = TakeOver(Spec(""));
  const auto checkpoint = CheckpointPath(table.version);
  ASSERT_OK_AND_ASSIGN(const auto good, inner_->Read(checkpoint, {}));
  ASSERT_THAT(inner_->Put(checkpoint, "no Parquet file any more", {}), IsOk());
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {7}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto second, load->Commit({}, {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(second));
  ASSERT_THAT(session->Stage(BatchOf(kTwo, {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto third, session->Commit(Ladder({{kTwo, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(third));
  // Who takes rows back must know all files.
  ASSERT_THAT(session->Undo({kTwo}, {}), IsOk());
  EXPECT_THAT(session->Commit(Ladder({}), {}),
              FailsWith(FailureKind::kPermanent, "checkpoint is damaged"));
  ASSERT_THAT(inner_->Put(checkpoint, std::string_view(*good), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto fourth, session->Commit(Ladder({}), {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(fourth));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 7}));
}

TEST_F(DeltaSessions, SettleALostReplyAsCommitted) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  store_->on_put = [&](const std::string& path,
                       std::string_view bytes) -> std::optional<PutOutcome> {
    if (path != LogEntryPath(1)) return std::nullopt;
    EXPECT_THAT(inner_->PutIfAbsent(path, bytes, {}), IsOk());
    return PutOutcome::kUnknown;
  };
  ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Unknown>(outcome));
  ASSERT_OK_AND_ASSIGN(const auto settled, session->Recover(RecoverMode::kSettle, {}));
  EXPECT_EQ(settled.finding, RecoverFinding::kCommitted);
  session.reset();
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1}));
}

TEST_F(DeltaSessions, LetNoLateEntryArriveOnceTheyHaveSettled) {
  for (const std::string pipeline : {"p", ""}) {
    auto session = TakeOver(Spec(pipeline));
    const int64_t version = Table().version + 1;
    ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
    std::string late;
    store_->on_put = [&](const std::string& path,
                         std::string_view bytes) -> std::optional<PutOutcome> {
      if (path != LogEntryPath(version) || !late.empty()) return std::nullopt;
      late = bytes;
      return PutOutcome::kUnknown;
    };
    const auto ladder = pipeline.empty() ? Checkpoint{} : Ladder({{kOne, 1}});
    ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(ladder, {}));
    ASSERT_TRUE(std::holds_alternative<Unknown>(outcome));
    ASSERT_OK_AND_ASSIGN(const auto settled, session->Recover(RecoverMode::kSettle, {}));
    EXPECT_EQ(settled.finding, RecoverFinding::kNotCommitted);
    ASSERT_OK_AND_ASSIGN(const auto arrived, inner_->PutIfAbsent(LogEntryPath(version), late, {}));
    EXPECT_EQ(arrived, PutOutcome::kExists);
    ASSERT_THAT(session->Abort({}), IsOk());
    ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
    ASSERT_OK_AND_ASSIGN(const auto again, session->Commit(ladder, {}));
    EXPECT_TRUE(std::holds_alternative<Committed>(again));
    store_->on_put = nullptr;
  }
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 1}));
}

TEST_F(DeltaSessions, KeepTheFilesOfAnEntryThatALaterOwnerFound) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  store_->on_put = [&](const std::string& path,
                       std::string_view bytes) -> std::optional<PutOutcome> {
    if (path != LogEntryPath(1)) return std::nullopt;
    EXPECT_THAT(inner_->PutIfAbsent(path, bytes, {}), IsOk());
    return PutOutcome::kUnknown;
  };
  ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Unknown>(outcome));
  store_->on_put = nullptr;
  auto young = TakeOver(Spec("p"));
  ASSERT_OK_AND_ASSIGN(const auto settled, session->Recover(RecoverMode::kSettle, {}));
  EXPECT_EQ(settled.finding, RecoverFinding::kFenced);
  session.reset();
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1}));
}

TEST_F(DeltaSessions, SeeThatTheLogForgotTheirPlace) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  session.reset();
  auto table = Table();
  table.txns.clear();
  ASSERT_THAT(Log(inner_).WriteCheckpoint(&table, 0, {}), IsOk());
  EXPECT_THAT(Open(Spec("p"))->Recover(RecoverMode::kTakeOver, {}),
              FailsWith(FailureKind::kPermanent, "does not know its place any more"));
}

TEST_F(DeltaSessions, StopWhereTheTableIsGone) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  fs::remove_all(folder_ / "_delta_log");
  EXPECT_THAT(session->Commit(Ladder({{kOne, 1}}), {}),
              FailsWith(FailureKind::kPermanent, "the table is gone"));
}

TEST_F(DeltaSessions, OfOneCommitEachWriteCheckpointsToo) {
  config_.checkpoint_interval = 4;
  std::vector<std::pair<BatchId, int64_t>> ladder;
  for (int64_t run = 1; run <= 3; ++run) {
    auto session = TakeOver(Spec("p"));
    const BatchId id(run << 15);
    ASSERT_THAT(session->Stage(BatchOf(id, {run}), {}), IsOk());
    ladder.emplace_back(id, 1);
    ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(Ladder(ladder), {}));
    ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  }
  // Version 4 was a fence, 5 had rows.
  EXPECT_EQ(Table().version, 5);
  EXPECT_EQ(Table().checkpointed, 4);
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 2, 3}));
}

TEST_F(DeltaSessions, TakeBatchesBackThatOnlyTheCheckpointHas) {
  config_.checkpoint_interval = 1;  // each commit's
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_THAT(session->Stage(BatchOf(kTwo, {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, session->Commit(Ladder({{kOne, 1}, {kTwo, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  for (const auto batch : {kTwo, kOne}) {
    ASSERT_THAT(session->Undo({batch}, {}), IsOk());
    ASSERT_OK_AND_ASSIGN(outcome, session->Commit(Ladder({{kOne, 1}}), {}));
    ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
    EXPECT_EQ(Rows().size(), batch == kTwo ? 1U : 0U);
  }
}

TEST_F(DeltaSessions, KeepInCommitTimestampsGrowing) {
  config_.properties = "delta.enableInCommitTimestamps=true";
  auto session = TakeOver(Spec("p"));
  std::vector<std::pair<BatchId, int64_t>> ladder;
  int64_t last = 0;
  for (int64_t tick = 1; tick <= 4; ++tick) {
    const BatchId id(tick << 15);
    ASSERT_THAT(session->Stage(BatchOf(id, {tick}), {}), IsOk());
    ladder.emplace_back(id, 1);
    ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(Ladder(ladder), {}));
    ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
    const auto info = Table().commit_info;
    ASSERT_TRUE(info.has_value() && info->in_commit_timestamp.has_value());
    EXPECT_GT(*info->in_commit_timestamp, last);
    last = *info->in_commit_timestamp;
  }
}

TEST_F(DeltaSessions, LeaveNoFilesOfWhatTheyAbort) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_THAT(session->Abort({}), IsOk());
  EXPECT_TRUE(DataFiles().empty());
  auto load = TakeOver(Spec(""));
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {1}), {}), IsOk());
  load.reset();
  EXPECT_TRUE(DataFiles().empty());
}

TEST_F(DeltaSessions, TakeAFolderInWhichALoadWasKilled) {
  auto killed = TakeOver(Spec(""));
  ASSERT_THAT(killed->Stage(BatchOf(BatchId(), {1}), {}), IsOk());
  ASSERT_EQ(DataFiles().size(), 1U);
  fs::copy(folder_ / *DataFiles().begin(), folder_ / "part-00000-left.parquet");
  killed.reset();
  auto next = TakeOver(Spec(""));
  ASSERT_THAT(next->Stage(BatchOf(BatchId(), {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto outcome, next->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{2}));
}

TEST_F(DeltaSessions, AreFencedAlsoByOneThatChangedTheColumns) {
  auto old = TakeOver(Spec("p"));
  ASSERT_THAT(old->Stage(BatchOf(kOne, {1}), {}), IsOk());
  auto spec = Spec("p");
  spec.on_schema_change = SchemaPolicy::kEvolve;
  auto young = TakeOver(spec);
  SchemaChange change;
  change.added = {arrow::field("more", arrow::utf8())};
  ASSERT_THAT(young->Evolve(change, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, young->Commit(Ladder({}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  ASSERT_OK_AND_ASSIGN(outcome, old->Commit(Ladder({{kOne, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Fenced>(outcome));
}

TEST_F(DeltaSessions, RememberALoad) {
  auto load = TakeOver(Spec(""));
  load->RememberLoad();
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto outcome, load->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  Recovered next;
  TakeOver(Spec(""), &next);
  EXPECT_EQ(next.remembered_loads.size(), 1U);
}

}  // namespace
}  // namespace ampload::deltalake
