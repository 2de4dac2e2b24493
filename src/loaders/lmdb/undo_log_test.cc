// The undo log in a real environment, against the model of src/stream.
#include "loaders/lmdb/undo_log.h"

#include <gtest/gtest.h>

#include "matchers.h"
#include "stream/undo_model_for_test.h"
#include "temp_folder.h"

namespace ampload::lmdb {
namespace {

using stream::ModelBatch;
using stream::RowImage;
using stream::UndoModel;
using stream::WriteKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr char kUuid[] = "00112233445566778899aabbccddeeff";
constexpr char kOtherUuid[] = "00112233445566778899aabbccddef00";

// The model's three columns; some rows are longer than a chunk.
std::string RowOf(const std::string& columns) {
  return columns + std::string(columns[0] > 'w' ? 100 << 10 : 40, columns[1]);
}

const stream::Reapply kOverlay = [](const RowImage& base,
                                    const std::string& change) -> Result<std::string> {
  RowImage columns;
  if (base.has_value()) columns = base->substr(0, 3);
  return RowOf(stream::Overlaid(columns, change.substr(0, 3)));
};

class UndoLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    EnvironmentOptions options;
    options.map_size = 4 << 20;
    options.sync = SyncMode::kNone;
    options.create = true;
    ASSERT_OK_AND_ASSIGN(environment_, Environment::Open(folder_ / "env", options));
  }

  // In one transaction, with the table `rows` and its log.
  void Write(const std::function<Status(Transaction&, UndoLog&, MDB_dbi)>& body) {
    ASSERT_THAT(TryWrite(body), IsOk());
  }
  Status TryWrite(const std::function<Status(Transaction&, UndoLog&, MDB_dbi)>& body) {
    return environment_->Write(1 << 20, [&](Transaction& txn) -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto table, txn.OpenDatabase("rows", true));
      ARROW_ASSIGN_OR_RAISE(auto log, UndoLog::Open(txn, kUuid, true));
      return body(txn, log, *table);
    });
  }
  // Puts a row (nullopt: deletes it) and notes it.
  static Status Set(Transaction& txn, UndoLog& log, MDB_dbi table, int64_t batch,
                    const std::string& key, const RowImage& row) {
    ARROW_ASSIGN_OR_RAISE(const auto found, txn.Get(table, key));
    RowImage previous;
    if (found.has_value()) previous.emplace(*found);
    if (!row.has_value()) {
      ARROW_RETURN_NOT_OK(log.AddDelete(batch, key, previous));
      return txn.Delete(table, key);
    }
    ARROW_RETURN_NOT_OK(log.Add(batch, key, previous));
    return txn.Put(table, key, *row);
  }
  void Set(int64_t batch, const std::string& key, const RowImage& row) {
    Write([&](Transaction& txn, UndoLog& log, MDB_dbi table) -> Status {
      ARROW_RETURN_NOT_OK(Set(txn, log, table, batch, key, row));
      return log.Flush();
    });
  }
  Status TakeBack(const BatchIdSet& batches) {
    return TryWrite([&](Transaction&, UndoLog& log, MDB_dbi table) {
      return log.RevertBatches(batches, table, kOverlay);
    });
  }
  std::map<std::string, std::string> Rows() {
    std::map<std::string, std::string> rows;
    Write([&](Transaction& txn, UndoLog&, MDB_dbi table) {
      return txn.ForEachPrefix(table, "",
                               [&](std::string_view key, std::string_view value) -> Result<bool> {
                                 rows.emplace(key, value);
                                 return true;
                               });
    });
    return rows;
  }
  std::map<int64_t, int64_t> Chunks() {
    std::map<int64_t, int64_t> chunks;
    Write([&](Transaction&, UndoLog& log, MDB_dbi) -> Status {
      return log.CountChunks().Value(&chunks);
    });
    return chunks;
  }
  // Every chunk as `change` makes it.
  void Damage(const std::function<std::string(std::string)>& change) {
    Write([&](Transaction& txn, UndoLog&, MDB_dbi) -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(kUndoLogName, false));
      std::map<std::string, std::string> chunks;
      ARROW_RETURN_NOT_OK(txn.ForEachPrefix(
          *dbi, "", [&](std::string_view key, std::string_view value) -> Result<bool> {
            if (key.size() > 16) chunks.emplace(key, value);
            return true;
          }));
      for (const auto& [key, value] : chunks) {
        ARROW_RETURN_NOT_OK(txn.Put(*dbi, key, change(value)));
      }
      return Status::OK();
    });
  }
  Status CommitBatch(const ModelBatch& batch) {
    return TryWrite([&](Transaction& txn, UndoLog& log, MDB_dbi table) -> Status {
      const int64_t id = batch.id.value();
      for (const auto& write : batch.writes) {
        const std::string key = "k" + std::to_string(write.key);
        if (write.kind != WriteKind::kChanged) {
          RowImage row;
          if (write.kind == WriteKind::kReplaced) row = RowOf(write.columns);
          ARROW_RETURN_NOT_OK(Set(txn, log, table, id, key, row));
          continue;
        }
        ARROW_ASSIGN_OR_RAISE(const auto found, txn.Get(table, key));
        RowImage previous;
        if (found.has_value()) previous.emplace(*found);
        const std::string change = write.columns + "!";
        ARROW_RETURN_NOT_OK(log.Add(id, key, previous, change));
        ARROW_ASSIGN_OR_RAISE(const auto row, kOverlay(previous, change));
        ARROW_RETURN_NOT_OK(txn.Put(table, key, row));
      }
      return log.Flush();
    });
  }

  TempFolder folder_;
  std::shared_ptr<Environment> environment_;
};

std::map<std::string, std::string> Expected(const UndoModel& model) {
  std::map<std::string, std::string> rows;
  for (const auto& [key, columns] : model.Rows()) rows["k" + std::to_string(key)] = RowOf(columns);
  return rows;
}

TEST_F(UndoLogTest, AgreesWithDoingEverythingAgainForThreeHundredSeeds) {
  int64_t undone = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    UndoModel model(seed);
    for (int step = 0; step < 25; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      if (const int what = model.Random(10); what < 6) {
        const auto batch = model.MakeBatch();
        model.Commit(batch);
        ASSERT_THAT(CommitBatch(batch), IsOk());
      } else if (what < 8) {
        const auto batches = model.PickUndoable();
        undone += static_cast<int64_t>(batches.size());
        model.Forget(batches);
        ASSERT_THAT(TakeBack(batches), IsOk());
      } else {
        model.FinalBatches();
        Write([&](Transaction&, UndoLog& log, MDB_dbi) {
          return log.ForgetFinal(model.UndoableBatches(), 0);
        });
      }
      ASSERT_EQ(Rows(), Expected(model));
    }
    model.SetRetention(0);
    model.FinalBatches();
    Write([&](Transaction& txn, UndoLog& log, MDB_dbi) -> Status {
      ARROW_RETURN_NOT_OK(log.ForgetFinal(model.UndoableBatches(), 0));
      ARROW_ASSIGN_OR_RAISE(const auto left, log.CountChunks());
      EXPECT_THAT(left, IsEmpty());
      return txn.Drop("rows", /*remove=*/false);
    });
  }
  EXPECT_GT(undone, 600);
}

TEST_F(UndoLogTest, TakesTheNewestBackWithoutLookingAtOthers) {
  Set(1, "k", "one");
  Set(2, "k", "two");
  Set(3, "k", "three");
  ASSERT_THAT(TakeBack({BatchId(2), BatchId(3)}), IsOk());
  EXPECT_THAT(Rows(), ElementsAre(Pair("k", "one")));
  EXPECT_THAT(Chunks(), ElementsAre(Pair(1, 1)));
}

TEST_F(UndoLogTest, ARowOverManyChunksIsTakenBackFromTheMiddle) {
  const auto large = [](char fill) { return std::string(100 << 10, fill); };
  for (int64_t batch = 1; batch <= 3; ++batch) {
    Write([&](Transaction& txn, UndoLog& log, MDB_dbi table) -> Status {
      for (int key = 0; key < 5; ++key) {
        ARROW_RETURN_NOT_OK(Set(txn, log, table, batch, "k" + std::to_string(key),
                                large(static_cast<char>('a' + batch))));
      }
      ARROW_RETURN_NOT_OK(Set(txn, log, table, batch, "own" + std::to_string(batch), "small"));
      return log.Flush();
    });
  }
  EXPECT_GT(Chunks()[3], 4);
  ASSERT_THAT(TakeBack({BatchId(2)}), IsOk());
  auto rows = Rows();
  EXPECT_EQ(rows.size(), 7U);
  EXPECT_EQ(rows["k4"], large('a' + 3));
  ASSERT_THAT(TakeBack({BatchId(3)}), IsOk());
  rows = Rows();
  EXPECT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows["k4"], large('a' + 1)) << "batch 3 has inherited what 2 found";
  ASSERT_THAT(TakeBack({BatchId(1)}), IsOk());
  EXPECT_THAT(Rows(), IsEmpty());
  EXPECT_THAT(Chunks(), IsEmpty());
}

TEST_F(UndoLogTest, ABatchInStepsIsTakenBackWhole) {
  Set(1, "k", "a");
  Set(2, "k", "b");
  Set(2, "k", std::nullopt);
  Set(2, "k", "c");
  Set(3, "k", "d");
  ASSERT_THAT(TakeBack({BatchId(2)}), IsOk());
  EXPECT_THAT(Rows(), ElementsAre(Pair("k", "d")));
  ASSERT_THAT(TakeBack({BatchId(3)}), IsOk());
  EXPECT_THAT(Rows(), ElementsAre(Pair("k", "a")));
}

TEST_F(UndoLogTest, AnotherTablesRecordsAreLeftAlone) {
  Set(1, "k", "a");
  Write([&](Transaction& txn, UndoLog&, MDB_dbi) -> Status {
    ARROW_ASSIGN_OR_RAISE(auto other, UndoLog::Open(txn, kOtherUuid, true));
    ARROW_RETURN_NOT_OK(other.Add(1, "k", "x"));
    ARROW_RETURN_NOT_OK(other.Add(2, "k", "y"));
    return other.Flush();
  });
  ASSERT_THAT(TakeBack({BatchId(1)}), IsOk());
  EXPECT_THAT(Rows(), IsEmpty());
  Write([&](Transaction& txn, UndoLog&, MDB_dbi) -> Status {
    ARROW_ASSIGN_OR_RAISE(auto other, UndoLog::Open(txn, kOtherUuid, true));
    ARROW_ASSIGN_OR_RAISE(const auto chunks, other.CountChunks());
    EXPECT_THAT(chunks, ElementsAre(Pair(1, 1), Pair(2, 1)));
    return Status::OK();
  });
}

TEST_F(UndoLogTest, TakesBackWhatIsNotFlushedYet) {
  Set(1, "k", "a");
  Write([&](Transaction& txn, UndoLog& log, MDB_dbi table) -> Status {
    ARROW_RETURN_NOT_OK(Set(txn, log, table, 2, "k", "b"));
    return log.RevertBatches({BatchId(1), BatchId(2)}, table, kOverlay);
  });
  EXPECT_THAT(Rows(), IsEmpty());
  EXPECT_THAT(Chunks(), IsEmpty());
}

int64_t Id(int64_t tick, int64_t slot = 0) { return tick << BatchId::kSlotBits | slot; }

TEST_F(UndoLogTest, AFinalBatchOfNewKeysIsForgottenAtOnce) {
  Set(Id(1), "a", "1");
  Set(Id(2), "b", "2");
  Write([](Transaction&, UndoLog& log, MDB_dbi) { return log.ForgetFinal({BatchId(Id(1))}, 0); });
  EXPECT_THAT(Chunks(), ElementsAre(Pair(Id(1), 1)));
}

TEST_F(UndoLogTest, AFinalBatchBehindAnUndoableOneIsKeptWhereTheyMayShareKeys) {
  Set(Id(1), "k", "1");
  Set(Id(2), "k", "2");
  Write([](Transaction&, UndoLog& log, MDB_dbi) { return log.ForgetFinal({BatchId(Id(1))}, 0); });
  EXPECT_THAT(Chunks(), ElementsAre(Pair(Id(1), 1), Pair(Id(2), 1)));
  ASSERT_THAT(TakeBack({BatchId(Id(1))}), IsOk());
  EXPECT_THAT(Rows(), ElementsAre(Pair("k", "2")));
  Write([](Transaction&, UndoLog& log, MDB_dbi) { return log.ForgetFinal({}, 0); });
  EXPECT_THAT(Chunks(), IsEmpty());
}

TEST_F(UndoLogTest, ForgetsTheBatchesOfItsOwnSlotOnly) {
  Set(Id(1), "a", "1");
  Set(Id(1, 7), "b", "2");
  Write([](Transaction&, UndoLog& log, MDB_dbi) { return log.ForgetFinal({}, 0); });
  EXPECT_THAT(Chunks(), ElementsAre(Pair(Id(1, 7), 1)));
}

TEST_F(UndoLogTest, ForgetAllLeavesNothingOfTheTable) {
  Set(1, "k", "1");
  Set(2, "k", "2");
  Write([](Transaction& txn, UndoLog& log, MDB_dbi) -> Status {
    ARROW_RETURN_NOT_OK(log.ForgetAll());
    ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(kUndoLogName, false));
    ARROW_ASSIGN_OR_RAISE(const auto stat, txn.Stat(*dbi));
    EXPECT_EQ(stat.ms_entries, 0U);
    return Status::OK();
  });
}

TEST_F(UndoLogTest, AChunkCutAnywhereIsRefusedOrEndsWithARecord) {
  std::string whole;
  ASSERT_THAT(AppendNote({WriteKind::kReplaced, "key", std::nullopt, ""}, whole), IsOk());
  const size_t first = whole.size();
  ASSERT_THAT(AppendNote({WriteKind::kChanged, "k", "previous", "change"}, whole), IsOk());
  const size_t second = whole.size();
  ASSERT_THAT(AppendNote({WriteKind::kDeleted, "", "", ""}, whole), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto notes, ParseChunk(whole));
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_EQ(notes[1].change, "change");
  EXPECT_EQ(notes[2].previous, "");
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto parsed = ParseChunk(std::string_view(whole).substr(0, size));
    EXPECT_EQ(parsed.ok(), size == 0 || size == first || size == second) << size;
  }
}

TEST_F(UndoLogTest, TheBytesOfARecordAreTheDocumentedOnes) {
  std::string chunk;
  ASSERT_THAT(AppendNote({WriteKind::kReplaced, "k", std::nullopt, ""}, chunk), IsOk());
  ASSERT_THAT(AppendNote({WriteKind::kReplaced, "k", "old", ""}, chunk), IsOk());
  ASSERT_THAT(AppendNote({WriteKind::kChanged, "k", std::nullopt, "c"}, chunk), IsOk());
  ASSERT_THAT(AppendNote({WriteKind::kChanged, "k", "o", "c"}, chunk), IsOk());
  ASSERT_THAT(AppendNote({WriteKind::kDeleted, "k", std::nullopt, ""}, chunk), IsOk());
  ASSERT_THAT(AppendNote({WriteKind::kDeleted, "k", "o", ""}, chunk), IsOk());
  using namespace std::string_literals;
  EXPECT_EQ(chunk,
            "\x00\x00\x01k"
            "\x01\x00\x01k\x00\x00\x00\x03old"
            "\x02\x00\x01k\x00\x00\x00\x01"
            "c"
            "\x03\x00\x01k\x00\x00\x00\x01o\x00\x00\x00\x01"
            "c"
            "\x04\x00\x01k"
            "\x05\x00\x01k\x00\x00\x00\x01o"s);
}

TEST_F(UndoLogTest, ADamagedChunkIsRefusedAndChangesNothing) {
  const std::vector<std::function<std::string(std::string)>> damages = {
      [](const std::string& chunk) { return chunk.substr(0, chunk.size() - 1); },
      [](const std::string& chunk) { return chunk + '\x06'; },
      [](const std::string& chunk) { return '\x06' + chunk.substr(1); },
      [](std::string chunk) {
        chunk[1] = '\xff';
        return chunk;
      },
  };
  Set(1, "k", "1");
  Set(2, "k", "2");
  const std::map<std::string, std::string> rows = Rows();
  for (const auto& damage : damages) {
    std::vector<std::string> kept;
    Damage([&](const std::string& chunk) {
      kept.push_back(chunk);
      return damage(chunk);
    });
    for (const auto& batches : {BatchIdSet{BatchId(1)}, BatchIdSet{BatchId(1), BatchId(2)}}) {
      EXPECT_THAT(TakeBack(batches), FailsWith(FailureKind::kPermanent, "__ampload__/undo"));
      EXPECT_EQ(Rows(), rows);
    }
    size_t next = 0;
    Damage([&](const std::string&) { return kept[next++]; });
  }
  ASSERT_THAT(TakeBack({BatchId(1)}), IsOk());
  EXPECT_EQ(Rows(), rows);
}

TEST_F(UndoLogTest, ARowThatCannotBeOverlaidFailsTheWholeUndo) {
  Set(1, "k", "no row");
  Set(2, "k", "whole");
  Write([&](Transaction& txn, UndoLog& log, MDB_dbi table) -> Status {
    ARROW_RETURN_NOT_OK(log.Add(3, "k", "whole", "no change"));
    ARROW_RETURN_NOT_OK(txn.Put(table, "k", "both"));
    return log.Flush();
  });
  const auto status = TryWrite([&](Transaction&, UndoLog& log, MDB_dbi table) {
    return log.RevertBatches({BatchId(2)}, table, encode::ValueFormat::kMsgpack);
  });
  EXPECT_THAT(status, FailsWith(FailureKind::kData, "lmdb: undo"));
  EXPECT_THAT(Rows(), ElementsAre(Pair("k", "both")));
}

// {"n": 1, "a": "old", "b": 1}; {"n": 1, "a": "new", "b": 1}; {"n": 1, "b": 2}, and what comes of
// them: python3 -c "import msgpack; print(msgpack.packb({...}))"
TEST_F(UndoLogTest, AKeptMergeIsDoneAgainOnTheOlderRowInTheTablesFormat) {
  const std::string older = "\x83\xa1n\x01\xa1\x61\xa3old\xa1\x62\x01";
  const std::string newer = "\x83\xa1n\x01\xa1\x61\xa3new\xa1\x62\x01";
  const std::string change = "\x82\xa1n\x01\xa1\x62\x02";
  Set(1, "k", older);
  Set(2, "k", newer);
  Write([&](Transaction& txn, UndoLog& log, MDB_dbi table) -> Status {
    ARROW_RETURN_NOT_OK(log.Add(3, "k", newer, change));
    ARROW_RETURN_NOT_OK(txn.Put(table, "k", "\x83\xa1n\x01\xa1\x61\xa3new\xa1\x62\x02"));
    return log.Flush();
  });
  const auto undo = [&](const BatchIdSet& batches) {
    Write([&](Transaction&, UndoLog& log, MDB_dbi table) {
      return log.RevertBatches(batches, table, encode::ValueFormat::kMsgpack);
    });
  };
  undo({BatchId(2)});
  EXPECT_THAT(Rows(), ElementsAre(Pair("k", "\x83\xa1n\x01\xa1\x61\xa3old\xa1\x62\x02")));
  undo({BatchId(1)});
  EXPECT_THAT(Rows(), ElementsAre(Pair("k", change))) << "a row of the columns that it set";
}

}  // namespace
}  // namespace ampload::lmdb
