// Sessions of one table in a folder of their own, for tests.
#pragma once

#include <arrow/builder.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "loader/lineage.h"
#include "loaders/deltalake/faulty_store_for_test.h"
#include "loaders/deltalake/file_reader.h"
#include "loaders/deltalake/log_names.h"
#include "loaders/deltalake/session.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::deltalake {

// Rows of one column `n`, and of their batch.
inline std::shared_ptr<arrow::Schema> RowColumns() {
  return arrow::schema(
      {arrow::field("n", arrow::int64()), arrow::field(kBatchIdColumn, arrow::int64())});
}

inline StagedBatch BatchOf(BatchId id, const std::vector<int64_t>& values) {
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
  // As other writers do: an entry of each, then a log checkpoint, and no entry before it.
  void AppendAndCleanTheLog(const std::vector<int64_t>& rows) {
    for (const auto row : rows) {
      DeltaSession other(config_, inner_, Spec(""));
      ASSERT_THAT(other.Recover(RecoverMode::kTakeOver, {}), IsOk());
      ASSERT_THAT(other.Stage(BatchOf(BatchId(), {row}), {}), IsOk());
      ASSERT_THAT(other.Commit({}, {}), IsOk());
    }
    auto table = Table();
    ASSERT_THAT(Log(inner_).WriteCheckpoint(&table, 0, {}), IsOk());
    for (int64_t version = 0; version < table.version; ++version) {
      std::filesystem::remove(folder_ / LogEntryPath(version));
    }
  }
  Snapshot Table() { return Log(inner_).ReadLatest({}).ValueOrDie(); }
  TableFiles Files() {
    auto table = Table();
    return *Log(inner_).ReadFiles(&table, {}).ValueOrDie();
  }
  // Data files that lie there, in the table or not.
  std::set<std::string> DataFiles() const {
    std::set<std::string> out;
    for (const auto& one : std::filesystem::directory_iterator(folder_.path())) {
      if (one.path().extension() == ".parquet") out.insert(one.path().filename());
    }
    return out;
  }

  TempFolder folder_;
  DeltaLakeStorageConfig config_;
  std::shared_ptr<lake::ObjectStore> inner_;
  std::shared_ptr<FaultyStore> store_;
};

inline const BatchId kOne(1 << 15);
inline const BatchId kTwo(2 << 15);
inline const BatchId kThree(3 << 15);

}  // namespace ampload::deltalake
