#include "loaders/deltalake/undo_plan.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "loaders/deltalake/actions_for_test.h"
#include "loaders/deltalake/table_writer.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::deltalake {
namespace {

constexpr char kStream[] =
    R"({"type":"struct","fields":[{"name":"n","type":"long","nullable":true,"metadata":{}},)"
    R"({"name":"_amp_batch_id","type":"long","nullable":true,"metadata":{}}]})";

// A table whose data files are not there: who reads one fails.
class UndoOfFiles : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(store_, lake::OpenObjectStore(folder_.path(), {}, {}));
    Metadata metadata = MetadataForTest();
    metadata.schema_string = kStream;
    ASSERT_THAT(table_.Apply(0, {Protocol{}, metadata}, "entry 0"), IsOk());
  }
  void Put(const std::string& path, const std::optional<std::string>& batches,
           const std::optional<std::string>& stats = std::nullopt) {
    AddFile add = AddOf(path, 1);
    add.stats = stats;
    if (batches) add.tags = TextMap{{kBatchesTag, *batches}};
    ASSERT_THAT(table_.Apply(table_.version + 1, {add}, "entry"), IsOk());
  }
  Result<std::set<std::string>> Removed(const BatchIdSet& batches) {
    DeltaLakeStorageConfig config;
    config.target_file_size = 1 << 20;
    config.row_group_rows = 1 << 10;
    UndoPlan plan(store_, config, 1 << 20);
    ARROW_ASSIGN_OR_RAISE(const auto actions,
                          plan.Make(table_, FilesOf(table_), batches, finder_, 1, {}));
    std::set<std::string> out;
    for (const auto& action : actions) out.insert(std::get<RemoveFile>(action).path);
    return out;
  }

  TempFolder folder_;
  std::shared_ptr<lake::ObjectStore> store_;
  Snapshot table_;
  BatchFinder finder_;
};

using Paths = std::set<std::string>;

TEST_F(UndoOfFiles, GoesByTheirTags) {
  Put("a", "1");
  Put("b", "2,3");
  Put("c", "4");
  EXPECT_EQ(Removed({BatchId(4)}).ValueOrDie(), (Paths{"c"}));
  EXPECT_EQ(Removed({BatchId(2), BatchId(3), BatchId(4)}).ValueOrDie(), (Paths{"b", "c"}));
  EXPECT_EQ(Removed({BatchId(9)}).ValueOrDie(), (Paths{}));
  // A part of one is written anew: its rows are read.
  EXPECT_THAT(Removed({BatchId(3)}), FailsWith(FailureKind::kPermanent, "missing"));
  EXPECT_EQ(finder_.Missing(table_, FilesOf(table_), {BatchId(1), BatchId(3), BatchId(5)}),
            std::vector{BatchId(5)});
}

TEST_F(UndoOfFiles, GoesByTheirStatisticsWhereTheyHaveNoTag) {
  const std::string one_batch =
      R"({"numRecords":2,"minValues":{"_amp_batch_id":2},"maxValues":{"_amp_batch_id":2},)"
      R"("nullCount":{"_amp_batch_id":0}})";
  Put("a", std::nullopt, one_batch);
  Put("loaded", std::nullopt, R"({"numRecords":2,"nullCount":{"_amp_batch_id":2}})");
  EXPECT_EQ(Removed({BatchId(2)}).ValueOrDie(), (Paths{"a"}));
  // A tag that says nothing is no tag.
  for (const auto* tag : {"", "x", "7,x"}) {
    Put("a", tag, one_batch);
    EXPECT_EQ(Removed({BatchId(2)}).ValueOrDie(), (Paths{"a"})) << tag;
  }
  Put("unknown", std::nullopt);
  EXPECT_THAT(Removed({BatchId(2)}), FailsWith(FailureKind::kPermanent, "missing"));
  EXPECT_TRUE(finder_.Missing(table_, FilesOf(table_), {BatchId(5)}).empty());
}

// Which batches each file has.
using Model = std::map<std::string, std::set<int64_t>>;

AddFile TaggedFile(const std::string& path, const std::set<int64_t>& batches) {
  AddFile add = AddOf(path, 1);
  std::string text;
  for (const auto id : batches) text += (text.empty() ? "" : ",") + std::to_string(id);
  add.tags = TextMap{{kBatchesTag, text}};
  return add;
}

class RandomTable {
 public:
  explicit RandomTable(Snapshot table) : table_(std::move(table)) {}

  void Change(std::mt19937* random, int64_t* names) {
    const auto below = [&](int64_t limit) {
      return std::uniform_int_distribution<int64_t>(0, limit - 1)(*random);
    };
    const auto some = [&] {
      std::set<int64_t> out;
      for (int64_t i = below(3); i >= 0; --i) out.insert(below(40));
      return out;
    };
    if (below(15) == 0) {  // files that were not read before
      TableFiles unread;
      std::vector<AddFile> adds;
      for (int64_t i = below(20); i >= 0; --i) {
        const auto path = "unread" + std::to_string(++*names);
        adds.push_back(TaggedFile(path, files_[path] = some()));
      }
      unread.Put(std::move(adds), {});
      table_.TakeUnread(std::move(unread));
    }
    std::vector<Action> actions;
    for (int64_t i = below(15) == 0 ? 1500 : below(5); i > 0; --i) {
      const auto path = "f" + std::to_string(below(12));
      if (below(3) == 0) {
        files_.erase(path);
        actions.emplace_back(RemoveOf(path));
      } else {
        actions.emplace_back(TaggedFile(path, files_[path] = some()));
      }
    }
    ASSERT_THAT(table_.Apply(table_.version + 1, actions, "entry"), IsOk());
  }

  void Check(BatchFinder& finder, const std::set<int64_t>& batches) const {
    std::set<std::string> expected;
    std::set<int64_t> missing = batches;
    for (const auto& [path, has] : files_) {
      for (const auto id : has) {
        if (batches.contains(id)) expected.insert(path);
        missing.erase(id);
      }
    }
    BatchIdSet asked;
    for (const auto id : batches) asked.insert(BatchId(id));
    std::set<std::string> holding;
    for (const auto& found : finder.Holding(table_, FilesOf(table_), asked)) {
      EXPECT_EQ(found.file->path, found.key->path);
      holding.insert(found.file->path);
    }
    EXPECT_EQ(holding, expected);
    std::set<int64_t> not_there;
    for (const auto id : finder.Missing(table_, FilesOf(table_), asked)) {
      not_there.insert(id.value());
    }
    EXPECT_EQ(not_there, missing);
  }

 private:
  Snapshot table_;
  Model files_;
};

// One finder for all, and two tables that are one at first.
TEST_F(UndoOfFiles, AreTheSameHoweverTheTableHasChangedSinceTheLastQuestion) {
  std::mt19937 random(17);
  int64_t names = 0;
  std::vector<RandomTable> tables(2, RandomTable(table_));
  for (int round = 0; round < 400; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto which = static_cast<size_t>(round / 10 % 2);
    if (random() % 30 == 0) tables[which] = tables[1 - which];
    tables[which].Change(&random, &names);
    if (random() % 3 == 0) continue;
    std::set<int64_t> batches;
    for (auto i = random() % 8; i > 0; --i) batches.insert(static_cast<int64_t>(random() % 45));
    tables[random() % 10 == 0 ? 1 - which : which].Check(finder_, batches);
  }
}

}  // namespace
}  // namespace ampload::deltalake
