#include "loaders/deltalake/house_keeping.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "loaders/deltalake/actions_for_test.h"
#include "loaders/deltalake/log_names.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::deltalake {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kDay = 86'400'000;

TEST(AnInterval, IsANumberOfUnits) {
  EXPECT_EQ(ParseInterval("interval 30 days"), 30 * kDay);
  EXPECT_EQ(ParseInterval("interval 1 week"), 7 * kDay);
  EXPECT_EQ(ParseInterval("7 days"), 7 * kDay);
  EXPECT_EQ(ParseInterval("interval 1 day 2 hours"), kDay + 7'200'000);
  EXPECT_EQ(ParseInterval("interval 0 seconds"), 0);
  EXPECT_EQ(ParseInterval("INTERVAL 365 DAYS"), 365 * kDay);
  EXPECT_EQ(ParseInterval("Interval 1 Week"), 7 * kDay);
}

TEST(AnInterval, IsNothingElse) {
  for (const auto* text : {"", "interval", "30", "days", "interval -1 days", "interval 1 month",
                           "interval 1.5 days", "1 days x", "interval 9223372036854775807 weeks",
                           "9223372036854775807 milliseconds 1 millisecond"}) {
    EXPECT_EQ(ParseInterval(text), std::nullopt) << text;
  }
}

class House : public testing::Test {
 protected:
  // The first one makes a table of those properties, each other adds a file.
  void PutEntry(Log& log, int64_t version, const TextMap& properties) {
    Metadata metadata = MetadataForTest();
    metadata.configuration = properties;
    std::vector<Action> actions = {AddOf("f" + std::to_string(version), 1)};
    if (version == 0) actions = {Protocol{}, metadata};
    ASSERT_THAT(log.Put(version, actions, {}), IsOk());
  }
  void Keep(Log& log, const DeltaLakeStorageConfig& config) {
    auto table = log.ReadLatest({});
    ASSERT_THAT(table, IsOk());
    KeepHouse(*store_, log, &*table, config, {});
  }
  void Commit(Log& log, int64_t versions, const DeltaLakeStorageConfig& config,
              const TextMap& properties) {
    for (int64_t version = 0; version <= versions; ++version) {
      PutEntry(log, version, properties);
      Keep(log, config);
    }
  }
  void Age(int64_t version, int64_t age_ms) {
    fs::last_write_time(folder_ / LogEntryPath(version),
                        fs::file_time_type::clock::now() - std::chrono::milliseconds(age_ms));
  }
  int Checkpoints() const {
    int count = 0;
    for (const auto& one : std::filesystem::directory_iterator(folder_ / "_delta_log")) {
      count += one.path().string().ends_with(".checkpoint.parquet") ? 1 : 0;
    }
    return count;
  }
  Log NewLog() {
    lake::StoreSettings settings;
    settings.durability = lake::Durability::kProcess;
    store_ = lake::OpenObjectStore(folder_.path(), settings, {}).ValueOrDie();
    return Log(store_);
  }
  // A temporary file of a writer that was killed so long ago.
  void Leave(const std::string& path, int64_t age_ms) {
    const auto full = folder_ / path;
    fs::create_directories(fs::path(full).parent_path());
    std::ofstream(full) << "left";
    fs::last_write_time(full, fs::file_time_type::clock::now() - std::chrono::milliseconds(age_ms));
  }
  TempFolder folder_;
  std::shared_ptr<lake::ObjectStore> store_;
};

TEST_F(House, HasACheckpointEverySoManyCommits) {
  auto log = NewLog();
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 4;
  Commit(log, 9, config, {{"delta.checkpointInterval", "2"}});
  EXPECT_EQ(Checkpoints(), 2);
}

TEST_F(House, GoesByTheTablesOwnInterval) {
  auto log = NewLog();
  Commit(log, 9, {}, {{"delta.checkpointInterval", "3"}});
  EXPECT_EQ(Checkpoints(), 3);
}

TEST_F(House, HasNoCheckpointThatWouldLoseStatistics) {
  auto log = NewLog();
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 2;
  Commit(log, 5, config, {{"delta.checkpoint.writeStatsAsStruct", "true"}});
  EXPECT_EQ(Checkpoints(), 0);
}

TEST_F(House, HasNoCheckpointThatWouldLoseStatisticsHoweverThatIsSpelled) {
  auto log = NewLog();
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 2;
  Commit(log, 5, config, {{"delta.checkpoint.writeStatsAsJson", "FALSE"}});
  EXPECT_EQ(Checkpoints(), 0);
  fs::remove_all(folder_ / "_delta_log");
  Commit(log, 5, config, {{"delta.checkpoint.writeStatsAsStruct", "True"}});
  EXPECT_EQ(Checkpoints(), 0);
}

TEST_F(House, HasCheckpointsThoughItsVersionsAreNeverMultiples) {
  auto log = NewLog();
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 4;
  for (int64_t version = 0; version <= 9; ++version) {
    PutEntry(log, version, {});
    if (version % 2 == 1) Keep(log, config);
  }
  EXPECT_EQ(Checkpoints(), 2);
}

TEST_F(House, CountsFromTheCheckpointsOfOthers) {
  auto log = NewLog();
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 4;
  Snapshot mine;
  for (int64_t version = 0; version <= 7; ++version) {
    PutEntry(log, version, {});
    if (version == 0) {
      ASSERT_OK_AND_ASSIGN(mine, log.ReadLatest({}));
    } else {
      ASSERT_THAT(log.Update(&mine, {}), IsOk());
    }
    if (version == 3) {
      ASSERT_OK_AND_ASSIGN(auto theirs, log.ReadLatest({}));
      ASSERT_THAT(log.WriteCheckpoint(&theirs, 0, {}), IsOk());
    }
    EXPECT_EQ(KeepHouse(*store_, log, &mine, config, {}), version == 7) << version;
  }
  EXPECT_EQ(Checkpoints(), 2);
}

TEST_F(House, KeepsNoFilesInMemoryThatTheCheckpointHas) {
  auto log = NewLog();
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 4;
  for (int64_t version = 0; version <= 3; ++version) PutEntry(log, version, {});
  RemoveFile old = RemoveOf("f1");
  old.deletion_timestamp = 1;
  ASSERT_THAT(log.Put(4, {old}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto table, log.ReadLatest({}));
  ASSERT_EQ(FilesOf(table).adds().size(), 2U);
  ASSERT_EQ(FilesOf(table).tombstones().size(), 1U);
  EXPECT_TRUE(KeepHouse(*store_, log, &table, config, {}));
  EXPECT_TRUE(table.newest_files().adds().empty());
  EXPECT_TRUE(table.newest_files().tombstones().empty());
  ASSERT_OK_AND_ASSIGN(const auto* files, log.ReadFiles(&table, {}));
  EXPECT_EQ(files->adds().size(), 2U);
  EXPECT_TRUE(files->tombstones().empty());
}

TEST_F(House, KeepsTombstonesForADurationThatItCannotRead) {
  auto log = NewLog();
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 2;
  for (int64_t version = 0; version <= 1; ++version) {
    PutEntry(log, version, {{"delta.deletedFileRetentionDuration", "interval 1 month"}});
  }
  RemoveFile old = RemoveOf("f1");
  old.deletion_timestamp = 1;
  ASSERT_THAT(log.Put(2, {old}, {}), IsOk());
  Keep(log, config);
  ASSERT_EQ(Checkpoints(), 1);
  ASSERT_OK_AND_ASSIGN(auto table, log.ReadLatest({}));
  ASSERT_OK_AND_ASSIGN(const auto* files, log.ReadFiles(&table, {}));
  EXPECT_EQ(files->tombstones().size(), 1U);
}

TEST_F(House, KeepsEntriesThatTheTableAsksFor) {
  const std::vector<TextMap> asking = {
      {{"delta.logRetentionDuration", "INTERVAL 365 DAYS"}},
      {{"delta.logRetentionDuration", "interval 1 month"}},  // of no certain length
      {{"delta.logRetentionDuration", "interval 1 day"},
       {"delta.enableExpiredLogCleanup", "FALSE"}},
      {{"delta.logRetentionDuration", "interval 1 day"}, {"delta.enableExpiredLogCleanup", "no"}}};
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 2;
  config.clean_log = true;
  auto log = NewLog();
  for (const auto& properties : asking) {
    fs::remove_all(folder_ / "_delta_log");
    for (int64_t version = 0; version <= 4; ++version) {
      PutEntry(log, version, properties);
      Age(version, 100 * kDay);
      Keep(log, config);
    }
    EXPECT_EQ(Checkpoints(), 2);
    EXPECT_TRUE(log.ReadEntry(0, {})->has_value()) << properties.begin()->second;
  }
}

TEST_F(House, LosesOldEntriesOnceACheckpointHasThem) {
  auto log = NewLog();
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 4;
  config.clean_log = true;
  Commit(log, 8, config, {{"delta.logRetentionDuration", "interval 0 seconds"}});
  EXPECT_THAT(log.ReadEntry(3, {}), IsOk());
  EXPECT_FALSE(log.ReadEntry(3, {})->has_value());
  ASSERT_OK_AND_ASSIGN(auto table, log.ReadLatest({}));
  ASSERT_OK_AND_ASSIGN(const auto* files, log.ReadFiles(&table, {}));
  EXPECT_EQ(files->adds().size(), 8U);
}

TEST_F(House, LosesWhatKilledWritersLeft) {
  auto log = NewLog();
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 2;
  config.clean_log = false;
  const std::vector<std::string> folders = {"", "_delta_log/", "_ampload/", "_ampload/p/",
                                            "_ampload/q/"};
  for (const auto& folder : folders) {
    Leave(folder + ".ampload-old.tmp", 8 * kDay);
    Leave(folder + ".ampload-young.tmp", 6 * kDay);
  }
  Leave("_delta_log/.00.json.crc", 8 * kDay);  // others'
  Leave("part-0.parquet", 8 * kDay);
  Commit(log, 3, config, {});
  for (const auto& folder : folders) {
    EXPECT_FALSE(fs::exists(folder_ / (folder + ".ampload-old.tmp"))) << folder;
    EXPECT_TRUE(fs::exists(folder_ / (folder + ".ampload-young.tmp"))) << folder;
  }
  EXPECT_TRUE(fs::exists(folder_ / "_delta_log/.00.json.crc"));
  EXPECT_TRUE(fs::exists(folder_ / "part-0.parquet"));
}

TEST_F(House, LeavesAWriterADayToPutItsEntry) {
  auto log = NewLog();
  DeltaLakeStorageConfig config;
  config.checkpoint_interval = 2;
  Leave("_delta_log/.ampload-old.tmp", 2 * kDay);
  Leave("_delta_log/.ampload-young.tmp", kDay / 2);
  Commit(log, 3, config, {{"delta.deletedFileRetentionDuration", "interval 0 seconds"}});
  EXPECT_FALSE(fs::exists(folder_ / "_delta_log/.ampload-old.tmp"));
  EXPECT_TRUE(fs::exists(folder_ / "_delta_log/.ampload-young.tmp"));
}

}  // namespace
}  // namespace ampload::deltalake
