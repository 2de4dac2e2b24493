// The files of a table whose log has a checkpoint: they are read when somebody asks, and are then
// those that all entries together tell of.
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "loaders/deltalake/actions_for_test.h"
#include "loaders/deltalake/log.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::deltalake {
namespace {

namespace fs = std::filesystem;

// What an entry says of a file last: the size of its add, or that it was removed.
using Said = std::map<std::string, std::optional<int64_t>>;

std::string NameOf(const FileKey& key) { return key.path + " " + key.deletion_vector; }

Said SaidBy(const TableFiles& files) {
  Said out;
  for (const auto& [key, add] : files.adds()) out[NameOf(key)] = add.size;
  for (const auto& [key, remove] : files.tombstones()) {
    EXPECT_FALSE(out.contains(NameOf(key))) << "an add and a tombstone of " << key.path;
    out[NameOf(key)] = std::nullopt;
  }
  return out;
}

class FilesOfLog : public testing::Test {
 protected:
  void SetUp() override { Begin("table"); }

  void Begin(const std::string& name) {
    table_ = folder_ / name;
    fs::create_directories(table_);
    lake::StoreSettings settings;
    settings.durability = lake::Durability::kProcess;
    ASSERT_OK_AND_ASSIGN(store_, lake::OpenObjectStore(table_, settings, {}));
    log_ = std::make_unique<Log>(store_);
  }
  void Put(int64_t version, const std::vector<Action>& actions) {
    ASSERT_OK_AND_ASSIGN(const auto outcome, log_->Put(version, actions, {}));
    ASSERT_EQ(outcome, lake::PutOutcome::kWritten);
  }
  // "f1" in version 1, "f2" in 2 ...
  void PutVersions(int64_t newest) {
    Put(0, FirstActions());
    for (int64_t version = 1; version <= newest; ++version) {
      Put(version, {AddOf("f" + std::to_string(version), version)});
    }
  }
  void WriteCheckpoint(int64_t version) {
    ASSERT_OK_AND_ASSIGN(auto table, log_->ReadAt(version, {}));
    ASSERT_THAT(log_->WriteCheckpoint(&table, 0, {}), IsOk());
  }
  std::string PathOf(const std::string& path) const { return table_ + "/" + path; }
  void RemoveEntries(int64_t up_to) const {
    for (int64_t version = 0; version <= up_to; ++version)
      fs::remove(PathOf(LogEntryPath(version)));
  }
  std::set<std::string> Names(Snapshot* table) {
    std::set<std::string> out;
    const auto files = log_->ReadFiles(table, {});
    EXPECT_THAT(files, IsOk());
    if (!files.ok()) return out;
    for (const auto& [key, file] : (*files)->adds()) out.insert(file.path);
    return out;
  }

  TempFolder folder_;
  std::string table_;
  std::shared_ptr<lake::ObjectStore> store_;
  std::unique_ptr<Log> log_;
};

TEST_F(FilesOfLog, StayUnreadUntilTheyAreAskedFor) {
  PutVersions(5);
  WriteCheckpoint(3);
  ASSERT_OK_AND_ASSIGN(auto table, log_->ReadLatest({}));
  EXPECT_THAT(table.files(), FailsWith(FailureKind::kPermanent, "not read"));
  ASSERT_TRUE(table.unread().has_value());
  EXPECT_EQ(table.unread()->adds, 3);
  EXPECT_EQ(table.newest_files().adds().size(), 2U);
  EXPECT_EQ(Names(&table), (std::set<std::string>{"f1", "f2", "f3", "f4", "f5"}));
  ASSERT_OK_AND_ASSIGN(const auto* files, table.files());
  EXPECT_EQ(files->bytes(), 15);
  EXPECT_FALSE(table.unread().has_value());
}

TEST_F(FilesOfLog, AreNotNeededToSeeThatThereAreSome) {
  PutVersions(3);
  WriteCheckpoint(3);
  ASSERT_OK_AND_ASSIGN(auto table, log_->ReadLatest({}));
  EXPECT_FALSE(log_->IsEmpty(&table, {}).ValueOrDie());
  EXPECT_TRUE(table.unread().has_value());
  Put(4, {RemoveOf("f1"), RemoveOf("f2"), RemoveOf("f3")});
  ASSERT_THAT(log_->Update(&table, {}), IsOk());
  EXPECT_EQ(table.has_files(), std::nullopt);
  EXPECT_TRUE(log_->IsEmpty(&table, {}).ValueOrDie());
}

// An entry: files that are added, added anew with other sizes, and removed; with and without
// deletion vectors.
std::vector<Action> RandomEntry(int64_t version, std::mt19937* random, Said* said) {
  std::vector<Action> actions;
  std::set<std::string> in_entry;
  const auto below = [&](int64_t limit) {
    return std::uniform_int_distribution<int64_t>(0, limit - 1)(*random);
  };
  for (int64_t i = below(5); i >= 0; --i) {
    AddFile add = AddOf("f" + std::to_string(below(12)), version * 100 + i);
    if (const auto which = below(3); which > 0) {
      add.deletion_vector = DeletionVectorDescriptor{
          "u", "vBn[lx{q8@P<9BNH/is" + std::to_string(which), 1, 36, which};
    }
    const auto name = NameOf(KeyOf(add));
    if (!in_entry.insert(name).second) continue;  // one action of a logical file
    if (below(3) > 0) {
      (*said)[name] = add.size;
      actions.emplace_back(add);
      continue;
    }
    RemoveFile remove = RemoveOf(add.path);
    remove.deletion_vector = add.deletion_vector;
    (*said)[name] = std::nullopt;
    actions.emplace_back(remove);
  }
  return actions;
}

TEST_F(FilesOfLog, AreThoseOfAllEntriesWhereverTheCheckpointIs) {
  std::mt19937 random(20'261'123);
  for (int round = 0; round < 40; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Begin("table" + std::to_string(round));
    const auto newest = std::uniform_int_distribution<int64_t>(2, 24)(random);
    const auto checkpoint = std::uniform_int_distribution<int64_t>(1, newest)(random);
    const auto opened = std::uniform_int_distribution<int64_t>(checkpoint, newest)(random);
    Said said;
    std::optional<Snapshot> table;
    for (int64_t version = 0; version <= newest; ++version) {
      auto actions = version == 0 ? FirstActions() : RandomEntry(version, &random, &said);
      Put(version, actions);
      if (version == checkpoint) {
        WriteCheckpoint(version);
        if (round % 2 == 0) RemoveEntries(version - 1);
      }
      if (version != opened) continue;
      ASSERT_OK_AND_ASSIGN(table, log_->ReadLatest({}));
      if (round % 3 == 0) {
        ASSERT_THAT(log_->ReadFiles(&*table, {}), IsOk());
      }
    }
    // What comes later is laid over what is unread, too.
    ASSERT_THAT(log_->Update(&*table, {}), IsOk());
    const auto newer = SaidBy(table->newest_files());
    ASSERT_OK_AND_ASSIGN(const auto* files, log_->ReadFiles(&*table, {}));
    EXPECT_EQ(SaidBy(*files), said);
    for (const auto& [name, size] : newer) EXPECT_EQ(said.at(name), size) << name;
    int64_t bytes = 0;
    for (const auto& [name, size] : said) bytes += size.value_or(0);
    EXPECT_EQ(files->bytes(), bytes);
    // And as a checkpoint of its own has them.
    ASSERT_THAT(log_->WriteCheckpoint(&*table, 0, {}), IsOk());
    ASSERT_OK_AND_ASSIGN(auto again, log_->ReadLatest({}));
    ASSERT_OK_AND_ASSIGN(files, log_->ReadFiles(&again, {}));
    EXPECT_EQ(SaidBy(*files), said);
  }
}

TEST_F(FilesOfLog, AreReadInAnotherWayWhereTheCheckpointIsGone) {
  PutVersions(6);
  WriteCheckpoint(4);
  const std::set<std::string> all = {"f1", "f2", "f3", "f4", "f5", "f6"};
  ASSERT_OK_AND_ASSIGN(const auto before, log_->ReadLatest({}));
  ASSERT_EQ(before.unread()->checkpoint, 4);
  {  // by the entries alone
    fs::remove(PathOf(CheckpointPath(4)));
    Snapshot table = before;
    EXPECT_EQ(Names(&table), all);
  }
  {  // by another checkpoint; the entry after it was there before
    WriteCheckpoint(5);
    RemoveEntries(5);
    Snapshot table = before;
    EXPECT_EQ(Names(&table), all);
    EXPECT_EQ(table.version, 6);
  }
  {  // and not by one of a newer version
    Put(7, {AddOf("f7", 1)});
    WriteCheckpoint(7);
    fs::remove(PathOf(CheckpointPath(5)));
    RemoveEntries(6);
    Snapshot table = before;
    EXPECT_THAT(log_->ReadFiles(&table, {}), FailsWith(FailureKind::kPermanent, "start again"));
    EXPECT_THAT(log_->ReadFiles(&table, {}), FailsWith(FailureKind::kPermanent, CheckpointPath(4)));
    EXPECT_TRUE(table.unread().has_value());
  }
}

TEST_F(FilesOfLog, OfADamagedCheckpointAreNotPassedOver) {
  PutVersions(3);
  WriteCheckpoint(3);
  ASSERT_OK_AND_ASSIGN(auto table, log_->ReadLatest({}));
  std::ofstream(PathOf(CheckpointPath(3)), std::ios::binary) << "PAR1 no Parquet file";
  EXPECT_THAT(log_->ReadFiles(&table, {}),
              FailsWith(FailureKind::kPermanent, "checkpoint is damaged"));
}

// The checkpoint as a writer would have it that keeps no statistics, in one row group.
void WriteAnew(const std::string& path) {
  ASSERT_OK_AND_ASSIGN(const auto in, arrow::io::ReadableFile::Open(path));
  ASSERT_OK_AND_ASSIGN(const auto reader,
                       parquet::arrow::OpenFile(in, arrow::default_memory_pool()));
  ASSERT_OK_AND_ASSIGN(const auto rows, reader->ReadTable());
  ASSERT_OK_AND_ASSIGN(const auto out, arrow::io::FileOutputStream::Open(path + ".new"));
  ASSERT_THAT(parquet::arrow::WriteTable(
                  *rows, arrow::default_memory_pool(), out, rows->num_rows(),
                  parquet::WriterProperties::Builder().disable_statistics()->build()),
              IsOk());
  ASSERT_THAT(out->Close(), IsOk());
  fs::rename(path + ".new", path);
}

TEST_F(FilesOfLog, AreCountedWhenTheyAreReadIfTheCheckpointHasNoStatistics) {
  PutVersions(3);
  WriteCheckpoint(3);
  WriteAnew(PathOf(CheckpointPath(3)));
  ASSERT_OK_AND_ASSIGN(auto table, log_->ReadLatest({}));
  EXPECT_EQ(table.unread()->adds, std::nullopt);
  EXPECT_EQ(table.has_files(), std::nullopt);
  EXPECT_FALSE(log_->IsEmpty(&table, {}).ValueOrDie());
  EXPECT_EQ(Names(&table), (std::set<std::string>{"f1", "f2", "f3"}));
  std::ofstream(PathOf(kLastCheckpoint)) << R"({"version":3,"size":5,"numOfAddFiles":7})";
  ASSERT_OK_AND_ASSIGN(table, log_->ReadLatest({}));
  EXPECT_THAT(log_->ReadFiles(&table, {}), FailsWith(FailureKind::kPermanent, "disagree"));
}

}  // namespace
}  // namespace ampload::deltalake
