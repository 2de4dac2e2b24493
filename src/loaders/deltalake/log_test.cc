#include "loaders/deltalake/log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>

#include "loaders/deltalake/actions_for_test.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::deltalake {
namespace {

namespace fs = std::filesystem;

class LogFolder : public testing::Test {
 protected:
  void SetUp() override {
    lake::StoreSettings settings;
    settings.durability = lake::Durability::kProcess;
    ASSERT_OK_AND_ASSIGN(store_, lake::OpenObjectStore(folder_.path(), settings, {}));
    log_ = std::make_unique<Log>(store_);
  }

  void Put(int64_t version, const std::vector<Action>& actions) {
    ASSERT_OK_AND_ASSIGN(const auto outcome, log_->Put(version, actions, {}));
    ASSERT_EQ(outcome, lake::PutOutcome::kWritten);
  }
  // Version 0, then one file more in each: "f1" in 1, "f2" in 2 ...; and "f1" goes in 3.
  void PutVersions(int64_t newest) {
    Put(0, FirstActions());
    for (int64_t version = 1; version <= newest; ++version) {
      std::vector<Action> actions = {AddOf("f" + std::to_string(version), version),
                                     Txn{"app", version, {}}};
      if (version == 3) actions.emplace_back(RemoveOf("f1"));
      Put(version, actions);
    }
  }
  TableFiles Files(Snapshot table) { return *log_->ReadFiles(&table, {}).ValueOrDie(); }
  std::set<std::string> Names(const Snapshot& table) {
    std::set<std::string> out;
    const auto files = Files(table);
    for (const auto& [key, file] : files.adds()) out.insert(file.path);
    return out;
  }
  Status WriteCheckpoint(Snapshot table, int64_t keep_tombstones_after_ms = 0) {
    return log_->WriteCheckpoint(&table, keep_tombstones_after_ms, {});
  }
  std::string PathOf(const std::string& path) const { return folder_ / path; }
  void Write(const std::string& path, const std::string& text) const {
    std::ofstream(PathOf(path), std::ios::binary) << text;
  }

  TempFolder folder_;
  std::shared_ptr<lake::ObjectStore> store_;
  std::unique_ptr<Log> log_;
};

TEST_F(LogFolder, ThatIsEmptyHasNoTable) {
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
  EXPECT_FALSE(table.exists());
}

TEST_F(LogFolder, WithOtherFilesIsNoTable) {
  Write("data.csv", "a,b\n");
  EXPECT_THAT(log_->ReadLatest({}), FailsWith(FailureKind::kPermanent, "not a Delta table"));
}

TEST_F(LogFolder, IsReadToItsNewestVersion) {
  PutVersions(4);
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
  EXPECT_EQ(table.version, 4);
  EXPECT_EQ(Names(table), (std::set<std::string>{"f2", "f3", "f4"}));
  EXPECT_EQ(table.txns.at("app").version, 4);
}

TEST_F(LogFolder, IsReadAtAnOlderVersion) {
  PutVersions(4);
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadAt(2, {}));
  EXPECT_EQ(Names(table), (std::set<std::string>{"f1", "f2"}));
  EXPECT_THAT(log_->ReadAt(5, {}), FailsWith(FailureKind::kConfiguration, "no such version yet"));
}

TEST_F(LogFolder, TakesAVersionOnce) {
  PutVersions(1);
  ASSERT_OK_AND_ASSIGN(const auto outcome, log_->Put(1, {AddOf("other", 1)}, {}));
  EXPECT_EQ(outcome, lake::PutOutcome::kExists);
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
  EXPECT_EQ(Names(table), (std::set<std::string>{"f1"}));
}

TEST_F(LogFolder, HandsOutWhatHasComeSince) {
  PutVersions(2);
  ASSERT_OK_AND_ASSIGN(auto table, log_->ReadLatest({}));
  ASSERT_OK_AND_ASSIGN(auto news, log_->Update(&table, {}));
  EXPECT_TRUE(news.empty());
  Put(3, {AddOf("x", 1)});
  Put(4, {AddOf("y", 1)});
  ASSERT_OK_AND_ASSIGN(news, log_->Update(&table, {}));
  ASSERT_EQ(news.size(), 2U);
  EXPECT_EQ(news[1].version, 4);
  EXPECT_EQ(table.version, 4);
  EXPECT_EQ(Names(table), (std::set<std::string>{"f1", "f2", "x", "y"}));
}

TEST_F(LogFolder, BeginsAtItsCheckpoint) {
  PutVersions(6);
  ASSERT_OK_AND_ASSIGN(const auto at4, log_->ReadAt(4, {}));
  ASSERT_THAT(WriteCheckpoint(at4), IsOk());
  for (int version = 0; version <= 4; ++version) fs::remove(PathOf(LogEntryPath(version)));
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
  EXPECT_EQ(table.version, 6);
  EXPECT_EQ(Names(table), (std::set<std::string>{"f2", "f3", "f4", "f5", "f6"}));
  EXPECT_EQ(table.txns.at("app").version, 6);
  EXPECT_EQ(table.metadata, MetadataForTest());
  EXPECT_EQ(Files(table).tombstones().size(), 1U);
  EXPECT_THAT(log_->ReadAt(2, {}), FailsWith(FailureKind::kConfiguration, "does not reach back"));
}

TEST_F(LogFolder, FindsItsCheckpointWithoutTheHint) {
  PutVersions(4);
  ASSERT_OK_AND_ASSIGN(const auto at3, log_->ReadAt(3, {}));
  ASSERT_THAT(WriteCheckpoint(at3), IsOk());
  for (int version = 0; version <= 3; ++version) fs::remove(PathOf(LogEntryPath(version)));
  for (const auto* hint : {"", "{", R"({"version":99})", R"({"version":"x"})"}) {
    Write(kLastCheckpoint, hint);
    ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
    EXPECT_EQ(table.version, 4) << hint;
  }
  fs::remove(PathOf(kLastCheckpoint));
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
  EXPECT_EQ(table.version, 4);
}

TEST_F(LogFolder, WithAGapIsDamaged) {
  PutVersions(4);
  fs::remove(PathOf(LogEntryPath(2)));
  EXPECT_THAT(log_->ReadLatest({}), FailsWith(FailureKind::kPermanent, "an entry is missing"));
  EXPECT_THAT(log_->ReadLatest({}), FailsWith(FailureKind::kPermanent, LogEntryPath(2)));
}

TEST_F(LogFolder, WithoutItsBeginningIsDamaged) {
  PutVersions(4);
  fs::remove(PathOf(LogEntryPath(0)));
  EXPECT_THAT(log_->ReadLatest({}), FailsWith(FailureKind::kPermanent, "no checkpoint"));
}

TEST_F(LogFolder, WithADamagedEntryIsDamaged) {
  PutVersions(2);
  Write(LogEntryPath(2), R"({"add":{"path":"x","size":)");
  EXPECT_THAT(log_->ReadLatest({}), FailsWith(FailureKind::kPermanent, LogEntryPath(2)));
}

TEST_F(LogFolder, WithADamagedCheckpointIsDamaged) {
  PutVersions(2);
  Write(CheckpointPath(2), "PAR1 no Parquet file");
  EXPECT_THAT(log_->ReadLatest({}), FailsWith(FailureKind::kPermanent, "checkpoint is damaged"));
}

TEST_F(LogFolder, WhoseCheckpointDisagreesIsDamaged) {
  PutVersions(2);
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
  ASSERT_THAT(WriteCheckpoint(table), IsOk());
  Write(kLastCheckpoint, R"({"version":2,"size":5,"numOfAddFiles":7})");
  EXPECT_THAT(log_->ReadLatest({}), FailsWith(FailureKind::kPermanent, "disagree"));
}

TEST_F(LogFolder, IgnoresACheckpointOfWhichPartsAreMissing) {
  PutVersions(3);
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadAt(2, {}));
  ASSERT_THAT(WriteCheckpoint(table), IsOk());
  const auto part = [&](int number) {
    return PathOf("_delta_log/00000000000000000002.checkpoint.000000000" + std::to_string(number) +
                  ".0000000002.parquet");
  };
  fs::rename(PathOf(CheckpointPath(2)), part(1));
  fs::remove(PathOf(kLastCheckpoint));
  ASSERT_OK_AND_ASSIGN(auto again, log_->ReadLatest({}));
  EXPECT_EQ(Names(again), (std::set<std::string>{"f2", "f3"}));
  // Whole, it is used: the entries before it may go.
  fs::copy(part(1), part(2));
  for (int version = 0; version <= 2; ++version) fs::remove(PathOf(LogEntryPath(version)));
  EXPECT_THAT(log_->ReadLatest({}), FailsWith(FailureKind::kPermanent, "two protocol"));
}

TEST_F(LogFolder, KeepsTheTombstonesThatAreYoungEnough) {
  PutVersions(3);
  Put(4, {RemoveOf("f2", 5'000)});
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
  ASSERT_THAT(WriteCheckpoint(table, 10'000), IsOk());
  fs::remove(PathOf(LogEntryPath(4)));
  ASSERT_OK_AND_ASSIGN(const auto again, log_->ReadLatest({}));
  ASSERT_EQ(Files(again).tombstones().size(), 1U);
  EXPECT_EQ(Files(again).tombstones().begin()->second.path, "f1");
}

TEST_F(LogFolder, LosesNothingOfAnActionInACheckpoint) {
  Protocol protocol{3, 7, {{"deletionVectors"}}, {{"deletionVectors", "domainMetadata"}}};
  Metadata metadata = MetadataForTest();
  metadata.name = "logs";
  metadata.description = "of \"blocks\"";
  metadata.configuration = {{"delta.enableDeletionVectors", "true"}, {"owner", "me"}};
  AddFile add = AddOf("date=2024-01-01/x%20y.parquet", 77);
  add.partition_values = {{"date", "2024-01-01"}, {"none", std::nullopt}};
  add.stats = R"({"numRecords":3})";
  add.tags = TextMap{{"ampload.batches", "1,2"}};
  add.deletion_vector = DeletionVectorDescriptor{"u", "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6};
  add.base_row_id = 9;
  add.default_row_commit_version = 2;
  add.clustering_provider = "liquid";
  RemoveFile remove = RemoveOf("gone");
  remove.partition_values = PartitionValues{{"date", std::nullopt}};
  remove.size = 12;
  remove.extended_file_metadata = true;
  Put(0, {protocol, metadata, add, remove, Txn{"a", int64_t{1} << 50, 5}, Txn{"b", 2, {}},
          DomainMetadata{"d", "{}", false}});
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
  ASSERT_THAT(WriteCheckpoint(table), IsOk());
  fs::remove(PathOf(LogEntryPath(0)));
  ASSERT_OK_AND_ASSIGN(auto again, log_->ReadLatest({}));
  EXPECT_EQ(again.protocol, protocol);
  EXPECT_EQ(again.metadata, metadata);
  ASSERT_EQ(Files(again).adds().size(), 1U);
  add.data_change = false;  // what a checkpoint says of all
  EXPECT_EQ(Files(again).adds().begin()->second, add);
  ASSERT_EQ(Files(again).tombstones().size(), 1U);
  remove.data_change = false;
  EXPECT_EQ(Files(again).tombstones().begin()->second, remove);
  EXPECT_EQ(again.txns, table.txns);
  EXPECT_EQ(again.domains, table.domains);
}

void Age(const std::string& path, std::chrono::hours by) {
  fs::last_write_time(path, fs::last_write_time(path) - by);
}

TEST_F(LogFolder, IsCleanedUpToTheCheckpointThatOldVersionsNeed) {
  PutVersions(8);
  for (const int at : {2, 5}) {
    ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadAt(at, {}));
    ASSERT_THAT(WriteCheckpoint(table), IsOk());
  }
  for (int version = 0; version <= 6; ++version) {
    Age(PathOf(LogEntryPath(version)), std::chrono::hours(24 * 60));
  }
  const auto now = std::chrono::system_clock::now() - std::chrono::hours(24 * 30);
  const int64_t before =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  ASSERT_OK_AND_ASSIGN(const auto gone, log_->CleanUp(before, {}));
  EXPECT_EQ(gone, 6);  // entries 0 to 4, and the checkpoint of 2
  EXPECT_FALSE(fs::exists(PathOf(LogEntryPath(4))));
  EXPECT_TRUE(fs::exists(PathOf(LogEntryPath(5))));
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
  EXPECT_EQ(Files(table).adds().size(), 7U);
  ASSERT_OK_AND_ASSIGN(const auto oldest, log_->ReadAt(5, {}));
  EXPECT_EQ(Files(oldest).adds().size(), 4U);
}

TEST_F(LogFolder, IsNotCleanedWithoutACheckpointThatIsOldEnough) {
  PutVersions(4);
  ASSERT_OK_AND_ASSIGN(const auto table, log_->ReadLatest({}));
  ASSERT_THAT(WriteCheckpoint(table), IsOk());
  for (int version = 0; version <= 3; ++version) {
    Age(PathOf(LogEntryPath(version)), std::chrono::hours(24 * 60));
  }
  const auto now = std::chrono::system_clock::now() - std::chrono::hours(24 * 30);
  ASSERT_OK_AND_ASSIGN(
      const auto gone,
      log_->CleanUp(
          std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count(),
          {}));
  EXPECT_EQ(gone, 0);
}

TEST_F(LogFolder, TellsItsHistoryNewestFirst) {
  PutVersions(2);
  CommitInfo info;
  info.operation = "WRITE";
  info.in_commit_timestamp = 123;
  info.json = R"({"operation":"WRITE","inCommitTimestamp":123})";
  Put(3, {info, AddOf("z", 1)});
  ASSERT_OK_AND_ASSIGN(const auto lines, log_->History(2, {}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].version, 3);
  EXPECT_EQ(lines[0].timestamp_ms, 123);
  EXPECT_EQ(lines[0].info->operation, "WRITE");
  EXPECT_EQ(lines[1].version, 2);
  EXPECT_FALSE(lines[1].info.has_value());
}

}  // namespace
}  // namespace ampload::deltalake
