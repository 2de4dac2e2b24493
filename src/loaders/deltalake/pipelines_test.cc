#include "loaders/deltalake/pipelines.h"

#include <gtest/gtest.h>

#include "loaders/deltalake/actions_for_test.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::deltalake {
namespace {

Checkpoint CheckpointOf(const std::string& pipeline, int64_t epoch, int64_t sequence) {
  Checkpoint checkpoint;
  checkpoint.table = "logs";
  checkpoint.pipeline = pipeline;
  checkpoint.owner = "owner";
  checkpoint.epoch = {epoch};
  checkpoint.sequence = sequence;
  return checkpoint;
}

class Records : public testing::Test {
 protected:
  void SetUp() override {
    lake::StoreSettings settings;
    settings.durability = lake::Durability::kProcess;
    ASSERT_OK_AND_ASSIGN(store_, lake::OpenObjectStore(folder_.path(), settings, {}));
    ASSERT_THAT(table_.Apply(0, FirstActions(), "entry 0"), IsOk());
  }
  void Put(const PipelineRecord& record) {
    const auto txn = TxnVersionOf(record.checkpoint);
    const auto& pipeline = record.checkpoint.pipeline;
    ASSERT_THAT(store_->Put(RecordPath(pipeline, txn), RecordText(record), {}), IsOk());
    table_.txns[AppIdOf(pipeline)] = Txn{AppIdOf(pipeline), txn, {}};
  }

  TempFolder folder_;
  std::shared_ptr<lake::ObjectStore> store_;
  Snapshot table_;
};

TEST(ATxnVersion, IsEpochAndSequence) {
  const auto version = TxnVersionOf(CheckpointOf("p", 3, 17));
  EXPECT_EQ(version, (int64_t{3} << 40) + 17);
  EXPECT_EQ(EpochOfTxn(version).value, 3);
  EXPECT_EQ(SequenceOfTxn(version), 17);
  EXPECT_EQ(RecordPath("p", version), "_ampload/p/00000003298534883345.json");
  EXPECT_EQ(PipelineOf(AppIdOf("a/b")), "a/b");
  EXPECT_EQ(PipelineOf("spark-stream"), std::nullopt);
  EXPECT_EQ(PipelineOf(std::string(kLoadPrefix) + "x"), std::nullopt);
}

TEST_F(Records, AreThoseThatTheLogKnows) {
  Put({CheckpointOf("p", 1, 2)});
  Put({CheckpointOf("q/r", 4, 0)});
  table_.txns["spark"] = Txn{"spark", 9, {}};
  ASSERT_OK_AND_ASSIGN(const auto all, ReadCheckpoints(*store_, table_, {}));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].pipeline, "p");
  EXPECT_EQ(all[1].pipeline, "q/r");
  ASSERT_OK_AND_ASSIGN(const auto none, ReadRecord(*store_, table_, "other", {}));
  EXPECT_FALSE(none.has_value());
}

TEST_F(Records, OfARemovedPipelineAreNoCheckpoints) {
  Put({CheckpointOf("p", 2, 2), /*removed=*/true});
  ASSERT_OK_AND_ASSIGN(const auto all, ReadCheckpoints(*store_, table_, {}));
  EXPECT_TRUE(all.empty());
  ASSERT_OK_AND_ASSIGN(const auto record, ReadRecord(*store_, table_, "p", {}));
  ASSERT_TRUE(record.has_value());
  EXPECT_TRUE(record->removed);
}

TEST_F(Records, ThatAreMissingOrDamagedOrAnothersAreErrors) {
  Put({CheckpointOf("p", 1, 2)});
  const auto path = RecordPath("p", table_.txns.at(AppIdOf("p")).version);
  ASSERT_THAT(store_->Put(path, RecordText({CheckpointOf("p", 1, 3)}), {}), IsOk());
  EXPECT_THAT(ReadRecord(*store_, table_, "p", {}),
              FailsWith(FailureKind::kPermanent, "another commit"));
  ASSERT_THAT(store_->Put(path, "{", {}), IsOk());
  EXPECT_THAT(ReadRecord(*store_, table_, "p", {}), FailsWith(FailureKind::kPermanent, ""));
  const std::vector<std::string> gone = {path};
  ASSERT_THAT(store_->Delete(gone, {}), IsOk());
  EXPECT_THAT(ReadRecord(*store_, table_, "p", {}), FailsWith(FailureKind::kPermanent, path));
}

TEST_F(Records, AreListedWithTheirVersions) {
  Put({CheckpointOf("p", 1, 2)});
  Put({CheckpointOf("p", 1, 1)});
  ASSERT_OK_AND_ASSIGN(const auto found, ListRecords(*store_, "p", {}));
  EXPECT_EQ(found, (std::vector<int64_t>{(int64_t{1} << 40) + 1, (int64_t{1} << 40) + 2}));
  ASSERT_OK_AND_ASSIGN(const auto none, ListRecords(*store_, "other", {}));
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace ampload::deltalake
