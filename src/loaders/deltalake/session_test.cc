#include "loaders/deltalake/session.h"

#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "loader/lineage.h"
#include "loaders/deltalake/commit_info.h"
#include "loaders/deltalake/faulty_store_for_test.h"
#include "loaders/deltalake/file_reader.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::deltalake {
namespace {

namespace fs = std::filesystem;
using lake::PutOutcome;

// Rows of one column `n`, and of their batch.
std::shared_ptr<arrow::Schema> RowColumns() {
  return arrow::schema(
      {arrow::field("n", arrow::int64()), arrow::field(kBatchIdColumn, arrow::int64())});
}

StagedBatch BatchOf(BatchId id, const std::vector<int64_t>& values) {
  arrow::Int64Builder numbers;
  arrow::Int64Builder ids;
  for (const auto value : values) {
    EXPECT_TRUE(numbers.Append(value).ok());
    EXPECT_TRUE(ids.Append(id.value()).ok());
  }
  StagedBatch batch;
  batch.batch =
      arrow::RecordBatch::Make(RowColumns(), static_cast<int64_t>(values.size()),
                               {numbers.Finish().ValueOrDie(), ids.Finish().ValueOrDie()});
  batch.id = id;
  return batch;
}

class DeltaSessions : public testing::Test {
 protected:
  void SetUp() override {
    config_.target_file_size = 64 << 20;
    config_.row_group_rows = 1 << 20;
    config_.commit_retry_for = 20'000;
    lake::StoreSettings settings;
    settings.durability = lake::Durability::kProcess;
    ASSERT_OK_AND_ASSIGN(inner_, lake::OpenObjectStore(folder_.path(), settings, {}));
    store_ = std::make_shared<FaultyStore>(inner_);
  }

  static TableSpec Spec(const std::string& pipeline) {
    TableSpec spec;
    spec.name = "logs";
    spec.schema = RowColumns();
    spec.pipeline = pipeline;
    spec.streaming = !pipeline.empty();
    spec.add_pipeline = true;
    return spec;
  }
  std::unique_ptr<DeltaSession> Open(const TableSpec& spec) {
    return std::make_unique<DeltaSession>(config_, store_, spec);
  }
  // A session that has taken over.
  std::unique_ptr<DeltaSession> TakeOver(const TableSpec& spec, Recovered* recovered = nullptr) {
    auto session = Open(spec);
    auto result = session->Recover(RecoverMode::kTakeOver, {});
    EXPECT_THAT(result, IsOk());
    if (result.ok() && recovered != nullptr) *recovered = *std::move(result);
    return session;
  }
  // The checkpoint that has those batches on its ladder.
  static Checkpoint Ladder(const std::vector<std::pair<BatchId, int64_t>>& batches) {
    Checkpoint checkpoint;
    checkpoint.source_position = "{}";
    for (const auto& [id, rows] : batches) {
      LadderEntry entry;
      entry.batch = id;
      entry.rows = rows;
      checkpoint.ladder.push_back(entry);
      checkpoint.last_batch_id = id;
    }
    return checkpoint;
  }
  std::multiset<int64_t> Rows() {
    std::multiset<int64_t> out;
    Log log(inner_);
    auto table = log.ReadLatest({}).ValueOrDie();
    const auto* files = log.ReadFiles(&table, {}).ValueOrDie();
    for (const auto& [key, file] : files->adds()) {
      const auto take = [&](const std::shared_ptr<arrow::RecordBatch>& rows) -> Result<bool> {
        const auto& numbers = static_cast<const arrow::Int64Array&>(*rows->GetColumnByName("n"));
        for (int64_t i = 0; i < numbers.length(); ++i) out.insert(numbers.Value(i));
        return true;
      };
      EXPECT_THAT(ReadDataFile(*inner_, table, file, take, {}), IsOk());
    }
    return out;
  }
  Snapshot Table() { return Log(inner_).ReadLatest({}).ValueOrDie(); }
  TableFiles Files() {
    auto table = Table();
    return *Log(inner_).ReadFiles(&table, {}).ValueOrDie();
  }
  // Data files that lie there, in the table or not.
  std::set<std::string> DataFiles() const {
    std::set<std::string> out;
    for (const auto& one : fs::directory_iterator(folder_.path())) {
      if (one.path().extension() == ".parquet") out.insert(one.path().filename());
    }
    return out;
  }

  TempFolder folder_;
  DeltaLakeStorageConfig config_;
  std::shared_ptr<lake::ObjectStore> inner_;
  std::shared_ptr<FaultyStore> store_;
};

const BatchId kOne(1 << 15);
const BatchId kTwo(2 << 15);
const BatchId kThree(3 << 15);

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

TEST_F(DeltaSessions, StartedAtOnceOnAMissingTableGetSlotsOfTheirOwn) {
  // Before the first one's first entry is put, another session does the whole of its start.
  Recovered second;
  std::unique_ptr<DeltaSession> other;
  store_->on_put = [&](const std::string& path, std::string_view) -> std::optional<PutOutcome> {
    if (path == LogEntryPath(0) && other == nullptr) {
      other = Open(Spec("b"));
      auto result = other->Recover(RecoverMode::kTakeOver, {});
      EXPECT_THAT(result, IsOk());
      second = *std::move(result);
    }
    return std::nullopt;
  };
  Recovered first;
  auto session = TakeOver(Spec("a"), &first);
  EXPECT_EQ(second.slot, 0);
  EXPECT_EQ(first.slot, 1);
  EXPECT_EQ(Table().version, 1);
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

TEST_F(DeltaSessions, AppendBesideOthersWithoutAConflict) {
  auto session = TakeOver(Spec("a"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  auto other = TakeOver(Spec(""));
  ASSERT_THAT(other->Stage(BatchOf(BatchId(), {7}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto first, other->Commit({}, {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(first));
  ASSERT_OK_AND_ASSIGN(const auto second, session->Commit(Ladder({{kOne, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(second));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 7}));
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

TEST_F(DeltaSessions, ReportAConflictWhereTheColumnsChangedMeanwhile) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  auto table = Table();
  auto metadata = table.metadata;
  metadata.partition_columns = {"n"};
  ASSERT_THAT(Log(inner_).Put(table.version + 1, {metadata}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(Ladder({{kOne, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Conflict>(outcome));
  EXPECT_TRUE(DataFiles().empty());
}

TEST_F(DeltaSessions, SeeThatTheirRowsAreGone) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  session.reset();
  const auto table = Table();
  const auto gone = Files().adds().begin()->second;
  ASSERT_THAT(Log(inner_).Put(table.version + 1, {RemoveOf(gone, 1)}, {}), IsOk());
  EXPECT_THAT(Open(Spec("p"))->Recover(RecoverMode::kTakeOver, {}),
              FailsWith(FailureKind::kPermanent, "not in the table any more"));
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

TEST_F(DeltaSessions, OverwriteAllRowsAndTheOtherPipelines) {
  auto pipeline = TakeOver(Spec("p"));
  ASSERT_THAT(pipeline->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, pipeline->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  auto spec = Spec("");
  spec.mode = LoadMode::kOverwrite;
  EXPECT_THAT(Open(spec)->Recover(RecoverMode::kTakeOver, {}),
              FailsWith(FailureKind::kConfiguration, "--force"));
  spec.force = true;
  auto load = TakeOver(spec);
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {8, 9}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, load->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{8, 9}));
  // The pipeline does not go on from a place that is no more.
  ASSERT_THAT(pipeline->Stage(BatchOf(kTwo, {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, pipeline->Commit(Ladder({{kOne, 1}, {kTwo, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Fenced>(outcome));
  ASSERT_OK_AND_ASSIGN(const auto left, ReadCheckpoints(*inner_, Table(), {}));
  EXPECT_TRUE(left.empty());
  Recovered again;
  TakeOver(Spec("p"), &again);
  EXPECT_EQ(again.finding, RecoverFinding::kFresh);
}

TEST_F(DeltaSessions, OverwriteNoRecordOfAPipelineThatStartsMeanwhile) {
  auto pipeline = TakeOver(Spec("p"));
  ASSERT_THAT(pipeline->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, pipeline->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  auto spec = Spec("");
  spec.mode = LoadMode::kOverwrite;
  spec.force = true;
  auto load = TakeOver(spec);
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {8}), {}), IsOk());
  // Before the entry of the pipeline's next start is put, the overwrite is tried, and does not come
  // through.
  const auto fence = LogEntryPath(Table().version + 1);
  bool trying = false;
  store_->on_put = [&](const std::string& path, std::string_view) -> std::optional<PutOutcome> {
    if (path != fence) return std::nullopt;
    if (std::exchange(trying, true)) return PutOutcome::kUnknown;
    auto tried = load->Commit({}, {});
    EXPECT_TRUE(tried.ok() && std::holds_alternative<Unknown>(*tried));
    return std::nullopt;
  };
  pipeline = TakeOver(Spec("p"));
  EXPECT_TRUE(trying);
  store_->on_put = nullptr;
  Recovered again;
  pipeline = TakeOver(Spec("p"), &again);
  EXPECT_EQ(again.finding, RecoverFinding::kResumed);
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1}));
  // Tried once more, it ends the pipeline that is there now.
  ASSERT_OK_AND_ASSIGN(const auto settled, load->Recover(RecoverMode::kSettle, {}));
  ASSERT_EQ(settled.finding, RecoverFinding::kNotCommitted);
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {8}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, load->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  ASSERT_THAT(pipeline->Stage(BatchOf(kTwo, {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, pipeline->Commit(Ladder({{kOne, 1}, {kTwo, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Fenced>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{8}));
}

TEST_F(DeltaSessions, CheckRowsAgainstConstraintsThatOthersAddMeanwhile) {
  auto pipeline = TakeOver(Spec("p"));
  ASSERT_THAT(pipeline->Stage(BatchOf(kOne, {1}), {}), IsOk());
  const auto table = Table();
  auto metadata = table.metadata;
  metadata.configuration["delta.constraints.large"] = "n > 1";
  ASSERT_THAT(Log(inner_).Put(table.version + 1, {metadata}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, pipeline->Commit(Ladder({{kOne, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Conflict>(outcome));
  EXPECT_THAT(pipeline->Stage(BatchOf(kOne, {1}), {}),
              FailsWith(FailureKind::kData, "the CHECK constraint large"));
  ASSERT_THAT(pipeline->Stage(BatchOf(kOne, {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, pipeline->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{2}));
  // Properties that say nothing of rows stand in nobody's way.
  ASSERT_THAT(pipeline->Stage(BatchOf(kTwo, {3}), {}), IsOk());
  metadata.configuration["owner"] = "me";
  ASSERT_THAT(Log(inner_).Put(Table().version + 1, {metadata}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, pipeline->Commit(Ladder({{kOne, 1}, {kTwo, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(outcome));
}

TEST_F(DeltaSessions, OverwriteWhatOthersAddedMeanwhile) {
  auto spec = Spec("");
  spec.mode = LoadMode::kOverwrite;
  auto load = TakeOver(spec);
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {8}), {}), IsOk());
  auto other = TakeOver(Spec(""));
  ASSERT_THAT(other->Stage(BatchOf(BatchId(), {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, other->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  ASSERT_OK_AND_ASSIGN(outcome, load->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{8}));
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
