#include "stream/undo_records.h"

#include <gtest/gtest.h>

#include "matchers.h"
#include "stream/undo_model_for_test.h"

namespace ampload::stream {
namespace {

const Reapply kOverlay = [](const RowImage& base,
                            const std::string& change) -> Result<std::string> {
  return Overlaid(base, change);
};

UndoRecord Replaced(int64_t batch, RowImage previous) {
  return {BatchId(batch), WriteKind::kReplaced, std::move(previous), ""};
}
UndoRecord Changed(int64_t batch, RowImage previous, std::string change) {
  return {BatchId(batch), WriteKind::kChanged, std::move(previous), std::move(change)};
}
UndoRecord Deleted(int64_t batch, RowImage previous) {
  return {BatchId(batch), WriteKind::kDeleted, std::move(previous), ""};
}

TEST(UndoRecords, UndoingTheNewestPutsBackWhatItFound) {
  KeyHistory history{{Replaced(1, std::nullopt), Replaced(2, "aaa")}, "bbb"};
  ASSERT_THAT(TakeBack({BatchId(2)}, kOverlay, history), IsOk());
  EXPECT_EQ(history, (KeyHistory{{Replaced(1, std::nullopt)}, "aaa"}));
}

TEST(UndoRecords, UndoingAMiddleOneHandsItsImageToTheNext) {
  KeyHistory history{{Replaced(1, std::nullopt), Replaced(2, "aaa"), Replaced(3, "bbb")}, "ccc"};
  ASSERT_THAT(TakeBack({BatchId(2)}, kOverlay, history), IsOk());
  EXPECT_EQ(history, (KeyHistory{{Replaced(1, std::nullopt), Replaced(3, "aaa")}, "ccc"}));
}

TEST(UndoRecords, AKeptChangeIsDoneAgainOnTheOlderRow) {
  KeyHistory history{{Replaced(2, "aaa"), Changed(3, "bbb", "..c"), Changed(4, "bbc", ".d.")},
                     "bdc"};
  ASSERT_THAT(TakeBack({BatchId(2)}, kOverlay, history), IsOk());
  EXPECT_EQ(history, (KeyHistory{{Changed(3, "aaa", "..c"), Changed(4, "aac", ".d.")}, "adc"}));
}

TEST(UndoRecords, AKeptDeleteStaysADelete) {
  KeyHistory history{{Replaced(2, "aaa"), Deleted(3, "bbb")}, std::nullopt};
  ASSERT_THAT(TakeBack({BatchId(2)}, kOverlay, history), IsOk());
  EXPECT_EQ(history, (KeyHistory{{Deleted(3, "aaa")}, std::nullopt}));
}

TEST(UndoRecords, AKeptDeleteOfAMissingRowOutlivesTheDeleteBeforeIt) {
  KeyHistory history{{Deleted(2, "aaa"), Deleted(3, std::nullopt)}, std::nullopt};
  ASSERT_THAT(TakeBack({BatchId(2)}, kOverlay, history), IsOk());
  EXPECT_EQ(history, (KeyHistory{{Deleted(3, "aaa")}, std::nullopt}));
}

TEST(UndoRecords, AChangeOfARowThatNeverWasIsARowOfItsColumns) {
  KeyHistory history{{Replaced(1, std::nullopt), Changed(2, "aaa", "b..")}, "baa"};
  ASSERT_THAT(TakeBack({BatchId(1)}, kOverlay, history), IsOk());
  EXPECT_EQ(history, (KeyHistory{{Changed(2, std::nullopt, "b..")}, "b.."}));
}

TEST(UndoRecords, AFailureToReapplyIsHandedOn) {
  KeyHistory history{{Replaced(1, std::nullopt), Changed(2, "aaa", "b..")}, "baa"};
  const Reapply fails = [](const RowImage&, const std::string&) -> Result<std::string> {
    return DataError("damaged");
  };
  EXPECT_THAT(TakeBack({BatchId(1)}, fails, history), FailsWith(FailureKind::kData, "damaged"));
}

TEST(UndoRecords, AFinalWriteBehindAnUndoableOneSettlesTheKey) {
  KeyHistory history{{Replaced(1, std::nullopt), Replaced(2, "aaa")}, "bbb"};
  DropFinal({BatchId(2)}, history);
  EXPECT_TRUE(history.records.empty());
}

TEST(UndoRecords, AFinalChangeBehindAnUndoableWriteStays) {
  KeyHistory history{{Replaced(1, std::nullopt), Changed(2, "aaa", "b..")}, "baa"};
  const KeyHistory before = history;
  DropFinal({BatchId(2)}, history);
  EXPECT_EQ(history, before);
  DropFinal({BatchId(1), BatchId(2)}, history);
  EXPECT_TRUE(history.records.empty());
}

// What a store does with the records, in memory.
struct Stored {
  std::map<int, KeyHistory> keys;

  void Commit(const ModelBatch& batch) {
    for (const auto& write : batch.writes) {
      auto& history = keys[write.key];
      const bool change = write.kind == WriteKind::kChanged;
      history.records.push_back(
          {batch.id, write.kind, history.current, change ? write.columns : ""});
      history.current = write.kind == WriteKind::kDeleted ? RowImage()
                        : change                          ? Overlaid(history.current, write.columns)
                                                          : write.columns;
    }
  }
  std::map<int, std::string> Rows() const {
    std::map<int, std::string> rows;
    for (const auto& [key, history] : keys) {
      if (history.current.has_value()) rows[key] = *history.current;
    }
    return rows;
  }
  // Each record found what the one before it left.
  bool ChainsHold() const {
    for (const auto& [key, history] : keys) {
      for (size_t i = 0; i < history.records.size(); ++i) {
        const auto& record = history.records[i];
        const RowImage& after =
            i + 1 < history.records.size() ? history.records[i + 1].previous : history.current;
        if (record.kind == WriteKind::kDeleted && after.has_value()) return false;
        if (record.kind == WriteKind::kChanged &&
            after != RowImage(Overlaid(record.previous, record.change))) {
          return false;
        }
      }
    }
    return true;
  }
};

TEST(UndoRecords, AgreeWithDoingEverythingAgainForTenThousandSeeds) {
  int64_t undone = 0;
  int64_t final_batches = 0;
  for (uint64_t seed = 1; seed <= 10'000; ++seed) {
    UndoModel model(seed);
    Stored stored;
    for (int step = 0; step < 25; ++step) {
      if (const int what = model.Random(10); what < 6) {
        const auto batch = model.MakeBatch();
        model.Commit(batch);
        stored.Commit(batch);
      } else if (what < 8) {
        const auto batches = model.PickUndoable();
        model.Forget(batches);
        for (auto& [key, history] : stored.keys) {
          ASSERT_THAT(TakeBack(batches, kOverlay, history), IsOk());
        }
        undone += static_cast<int64_t>(batches.size());
      } else {
        const auto now_final = model.FinalBatches();
        for (auto& [key, history] : stored.keys) DropFinal(now_final, history);
        final_batches += static_cast<int64_t>(now_final.size());
      }
      ASSERT_EQ(stored.Rows(), model.Rows()) << "seed " << seed << " step " << step;
      ASSERT_TRUE(stored.ChainsHold()) << "seed " << seed << " step " << step;
    }
    model.SetRetention(0);
    for (auto& [key, history] : stored.keys) {
      DropFinal(model.FinalBatches(), history);
      ASSERT_TRUE(history.records.empty()) << "seed " << seed;
    }
    ASSERT_EQ(stored.Rows(), model.Rows()) << "seed " << seed;
  }
  EXPECT_GT(undone, 20'000);
  EXPECT_GT(final_batches, 20'000);
}

}  // namespace
}  // namespace ampload::stream
