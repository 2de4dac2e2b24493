#include "loaders/deltalake/house_keeping.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "loaders/deltalake/actions_for_test.h"
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
}

TEST(AnInterval, IsNothingElse) {
  for (const auto* text : {"", "interval", "30", "days", "interval -1 days", "interval 1 month",
                           "interval 1.5 days", "1 days x"}) {
    EXPECT_EQ(ParseInterval(text), std::nullopt) << text;
  }
}

class House : public testing::Test {
 protected:
  void Commit(Log& log, int64_t versions, const DeltaLakeStorageConfig& config,
              const TextMap& properties) {
    Metadata metadata = MetadataForTest();
    metadata.configuration = properties;
    for (int64_t version = 0; version <= versions; ++version) {
      std::vector<Action> actions = {AddOf("f" + std::to_string(version), 1)};
      if (version == 0) actions = {Protocol{}, metadata};
      ASSERT_THAT(log.Put(version, actions, {}), IsOk());
      auto table = log.ReadLatest({});
      ASSERT_THAT(table, IsOk());
      KeepHouse(*store_, log, &*table, config, {});
    }
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
