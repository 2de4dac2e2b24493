#include "pipeline/quarantine.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "matchers.h"
#include "memory_loader.h"
#include "memory_source.h"
#include "pipeline/load.h"
#include "pipeline/replay_source.h"
#include "source/text/text_record.h"
#include "temp_folder.h"

namespace ampload::pipeline {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::shared_ptr<arrow::Schema>& TradeSchema() {
  static const auto schema = arrow::schema({arrow::field("id", arrow::int64(), false),
                                            arrow::field("tags", arrow::list(arrow::utf8()))});
  return schema;
}

BadRow Row(int64_t id, const std::string& reason) {
  BadRow bad;
  bad.row = arrow::RecordBatch::Make(
      TradeSchema(), 1,
      {arrow::json::ArrayFromJSONString(arrow::int64(), "[" + std::to_string(id) + "]")
           .ValueOrDie(),
       arrow::json::ArrayFromJSONString(arrow::list(arrow::utf8()), R"([["a", null]])")
           .ValueOrDie()});
  bad.origin = "trades.parquet";
  bad.ordinal = id;
  bad.reason = reason;
  return bad;
}

Recovered Load(const std::string& id, const std::string& last = "") {
  Recovered recovered;
  recovered.load_id = id;
  if (!last.empty()) recovered.remembered_loads = {"n9", last, "n8"};
  return recovered;
}

class QuarantineTest : public ::testing::Test {
 protected:
  std::unique_ptr<Quarantine> Begin(const Recovered& recovered,
                                    const std::string& name = "q.arrow") {
    auto quarantine =
        Quarantine::Make({.path = folder_ / name, .table = "trades", .max_rows = 3, .text = ""},
                         TradeSchema())
            .ValueOrDie();
    EXPECT_THAT(quarantine->OnRecovered(recovered), IsOk());
    return quarantine;
  }
  // Leaves an .open file that nobody holds.
  void KilledLoad(const std::string& name = "q.arrow") {
    const auto killed = Begin(Load("n1"), name);
    ASSERT_THAT(killed->Add(Row(1, "bad")), IsOk());
    ASSERT_THAT(killed->BeforeCommit(), IsOk());
  }
  // A load whose bad rows go to q.arrow.
  LoadOutcome LoadInto(Loader& loader, Source& source) {
    auto quarantine = Quarantine::Make({.path = folder_ / "q.arrow", .table = "logs", .text = ""},
                                       source.schema())
                          .ValueOrDie();
    LoadRequest request;
    request.table.name = "logs";
    request.bad_rows = quarantine.get();
    request.companions = {quarantine.get()};
    return RunLoad(source, loader, request, {});
  }
  bool There(const std::string& name) const { return fs::exists(folder_ / name); }

  TempFolder folder_;
};

TEST_F(QuarantineTest, KeepsRowReasonAndPlace) {
  const auto quarantine = Begin(Load("n1"));
  ASSERT_THAT(quarantine->Add(Row(7, "too large")), IsOk());
  ASSERT_THAT(
      quarantine->Add({.row = nullptr, .raw = "x,y", .origin = "t.csv", .reason = "no int64"}),
      IsOk());
  ASSERT_THAT(quarantine->BeforeCommit(), IsOk());
  EXPECT_TRUE(There("q.arrow.open"));
  ASSERT_THAT(quarantine->AfterCommit(), IsOk());
  EXPECT_FALSE(There("q.arrow.open"));
  ASSERT_OK_AND_ASSIGN(const auto read, ReadQuarantine(folder_ / "q.arrow"));
  EXPECT_EQ(read.header.table, "trades");
  EXPECT_EQ(read.header.load, "n1");
  ASSERT_EQ(read.rows.size(), 2U);
  EXPECT_EQ(read.rows[0].bad.reason, "too large");
  EXPECT_EQ(read.rows[0].bad.ordinal, 7);
  EXPECT_TRUE(read.rows[0].bad.row->column(1)->Equals(Row(7, "").row->column(1)));
  EXPECT_EQ(read.rows[1].bad.row, nullptr);
  EXPECT_EQ(read.rows[1].bad.raw, "x,y");
}

TEST_F(QuarantineTest, TakesNoMoreRowsThanItMay) {
  const auto quarantine = Begin(Load("n1"));
  for (int i = 0; i < 3; ++i) ASSERT_THAT(quarantine->Add(Row(i, "bad")), IsOk());
  EXPECT_THAT(
      quarantine->Add(Row(3, "the last straw")),
      FailsWith(FailureKind::kData, "more than --max-bad-rows 3; the last one: the last straw"));
}

TEST_F(QuarantineTest, IsGoneWithTheLoadThatFails) {
  const auto quarantine = Begin(Load("n1"));
  ASSERT_THAT(quarantine->Add(Row(1, "bad")), IsOk());
  ASSERT_THAT(quarantine->BeforeCommit(), IsOk());
  ASSERT_THAT(quarantine->OnAbort(), IsOk());
  EXPECT_TRUE(fs::is_empty(folder_ / ""));
}

// A load that was killed between its commit and the file's name, or before its commit: the store's
// word decides.
TEST_F(QuarantineTest, OfAKilledLoadIsSettledByTheStore) {
  for (const bool committed : {true, false}) {
    KilledLoad("k.arrow");
    Begin(Load("n2", committed ? "n1" : "n0"), "next.arrow");
    EXPECT_FALSE(There("k.arrow.open"));
    EXPECT_EQ(There("k.arrow"), committed);
    fs::remove(folder_ / "k.arrow");
  }
}

TEST_F(QuarantineTest, OfAKilledLoadStaysWhereTheStoreCannotTell) {
  KilledLoad("k.arrow");
  Begin(Recovered{}, "next.arrow");
  EXPECT_TRUE(There("k.arrow.open"));
}

TEST_F(QuarantineTest, OfAKilledLoadStaysWhereTheStoreMayHaveForgottenIt) {
  KilledLoad("k.arrow");
  Recovered forgetful = Load("n2", "n7");
  forgetful.remembers_all = false;
  Begin(forgetful, "next.arrow");
  EXPECT_TRUE(There("k.arrow.open"));
}

TEST_F(QuarantineTest, IsNeverWrittenOver) {
  fs::copy_file("/proc/self/status", folder_ / "q.arrow");
  EXPECT_THAT(
      Quarantine::Make({.path = folder_ / "q.arrow", .table = "t", .text = ""}, TradeSchema()),
      FailsWith(FailureKind::kConfiguration, "replay-quarantine"));
  EXPECT_THAT(ReadQuarantine(folder_ / "q.arrow"), FailsWith(FailureKind::kPermanent, "q.arrow"));
}

// The one that a load finds may be of another target, or the store cannot tell.
TEST_F(QuarantineTest, OfAnotherLoadIsNeitherWrittenOverNorRemoved) {
  KilledLoad();
  const auto make = [&](const std::string& table) {
    return Quarantine::Make({.path = folder_ / "q.arrow", .table = table, .text = ""},
                            TradeSchema())
        .ValueOrDie();
  };
  EXPECT_THAT(make("others")->OnRecovered(Load("n2", "n1")),
              FailsWith(FailureKind::kConfiguration, "q.arrow.open"));
  const auto next = make("trades");
  EXPECT_THAT(next->OnRecovered(Recovered{}),
              FailsWith(FailureKind::kConfiguration, "q.arrow.open"));
  ASSERT_THAT(next->Add(Row(2, "worse")), IsOk());
  EXPECT_THAT(next->BeforeCommit(), FailsWith(FailureKind::kConfiguration, "q.arrow.open"));
  EXPECT_THAT(next->OnAbort(), IsOk());
  EXPECT_THAT(make("trades")->OnRecovered(Load("n2", "n1")),
              FailsWith(FailureKind::kConfiguration, "replay-quarantine"));
  EXPECT_EQ(ReadQuarantine(folder_ / "q.arrow").ValueOrDie().rows[0].bad.reason, "bad");
}

TEST_F(QuarantineTest, OfALiveLoadIsLeftAlone) {
  const auto live = Begin(Load("n1"));
  ASSERT_THAT(live->Add(Row(1, "bad")), IsOk());
  ASSERT_THAT(live->BeforeCommit(), IsOk());
  Begin(Load("n2", "n0"), "next.arrow");
  EXPECT_TRUE(There("q.arrow.open"));
  ASSERT_THAT(live->AfterCommit(), IsOk());
  EXPECT_TRUE(There("q.arrow"));
}

// What the store said before a load ended says nothing of how it ended.
TEST_F(QuarantineTest, OfALoadThatWasKilledMeanwhileIsLeftToTheNextOne) {
  auto killed = Begin(Load("n1"));
  ASSERT_THAT(killed->Add(Row(1, "bad")), IsOk());
  ASSERT_THAT(killed->BeforeCommit(), IsOk());
  const auto next =
      Quarantine::Make({.path = folder_ / "next.arrow", .table = "trades", .text = ""},
                       TradeSchema())
          .ValueOrDie();
  killed.reset();
  ASSERT_THAT(next->OnRecovered(Load("n2", "n0")), IsOk());
  EXPECT_TRUE(There("q.arrow.open"));
  Begin(Load("n3", "n1"), "third.arrow");
  EXPECT_TRUE(There("q.arrow"));
}

TEST_F(QuarantineTest, NeverTakesANameThatIsTaken) {
  const auto quarantine = Begin(Load("n1"));
  ASSERT_THAT(quarantine->Add(Row(1, "bad")), IsOk());
  ASSERT_THAT(quarantine->BeforeCommit(), IsOk());
  fs::copy_file(folder_ / "q.arrow.open", folder_ / "q.arrow");
  EXPECT_THAT(quarantine->AfterCommit(), FailsWith(FailureKind::kConfiguration, "q.arrow"));
  EXPECT_TRUE(There("q.arrow.open"));
  Begin(Load("n2", "n1"), "next.arrow");
  EXPECT_TRUE(There("q.arrow.open"));
}

// A crash between link(2) and unlink(2).
TEST_F(QuarantineTest, WithBothItsNamesKeepsTheLaterOne) {
  KilledLoad();
  fs::create_hard_link(folder_ / "q.arrow.open", folder_ / "q.arrow");
  Begin(Load("n2", "n1"), "next.arrow");
  EXPECT_FALSE(There("q.arrow.open"));
  EXPECT_TRUE(There("q.arrow"));
}

TEST_F(QuarantineTest, IsTrimmedByBatch) {
  QuarantineContents contents;
  contents.source_schema = TradeSchema();
  for (const int64_t batch : {1, 2, 2, 3})
    contents.rows.push_back({BatchId(batch), Row(batch, "")});
  const std::string path = folder_ / "stream.arrow";
  ASSERT_THAT(WriteQuarantine(path, contents), IsOk());
  const auto rows = [&] { return ReadQuarantine(path).ValueOrDie().rows.size(); };
  ASSERT_THAT(TrimQuarantine(path, [](BatchId id) { return id.value() != 2; }), IsOk());
  EXPECT_EQ(rows(), 2U);
  ASSERT_THAT(TrimQuarantine(path, [](BatchId) { return false; }), IsOk());
  EXPECT_FALSE(fs::exists(path));
  EXPECT_THAT(TrimQuarantine(path, [](BatchId) { return false; }), IsOk());
}

// A row that comes after others were set aside is still the row that it says it is.
TEST_F(QuarantineTest, OfALoadHasTheVeryRowsThatWereBad) {
  testing::MemorySource source({.batch_rows = {5, 5}});
  testing::MemoryLoader loader({.with_encoder = true, .bad_rows = {1, 2, 6, 9}});
  const auto outcome = LoadInto(loader, source);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.result.rows_loaded, 6);
  EXPECT_THAT(loader.Rows("logs"), ::testing::Optional(std::vector<int64_t>{0, 3, 4, 5, 7, 8}));
  ASSERT_OK_AND_ASSIGN(const auto read, ReadQuarantine(folder_ / "q.arrow"));
  std::vector<int64_t> ordinals;
  for (const auto& row : read.rows) {
    ordinals.push_back(row.bad.ordinal);
    EXPECT_EQ(row.bad.row->GetColumnByName("n")->GetScalar(0).ValueOrDie()->ToString(),
              std::to_string(row.bad.ordinal));
  }
  EXPECT_EQ(ordinals, (std::vector<int64_t>{1, 2, 6, 9}));
}

TEST_F(QuarantineTest, OfALoadWithoutAGoodRowIsNone) {
  testing::MemorySource source({.batch_rows = {2}});
  testing::MemoryLoader loader({.with_encoder = true, .bad_rows = {0, 1}});
  const auto outcome = LoadInto(loader, source);
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kData, "Failed to load any rows. Errors: "));
  EXPECT_TRUE(fs::is_empty(folder_ / ""));
}

class ReplayTest : public QuarantineTest {
 protected:
  void SetUp() override {
    const auto quarantine =
        Quarantine::Make({.path = path_,
                          .table = "trades",
                          .text = R"({"format":"ndjson","columns":["id","tags"]})"},
                         TradeSchema())
            .ValueOrDie();
    ASSERT_THAT(quarantine->OnRecovered(Load("n1")), IsOk());
    ASSERT_THAT(quarantine->Add(Row(7, "bad")), IsOk());
    ASSERT_THAT(
        quarantine->Add(
            {.row = nullptr, .raw = R"({"id": 8, "tags": ["b"]})", .origin = "", .reason = ""}),
        IsOk());
    ASSERT_THAT(quarantine->BeforeCommit(), IsOk());
    ASSERT_THAT(quarantine->AfterCommit(), IsOk());
  }

  std::unique_ptr<ReplayMark> BeforeTheCommit() {
    auto mark = ReplayMark::Make(path_, place_).ValueOrDie();
    EXPECT_THAT(mark->OnRecovered(Load("r1")), IsOk());
    EXPECT_THAT(mark->BeforeCommit(), IsOk());
    return mark;
  }

  const std::string path_ = folder_ / "q.arrow";
  const ReplayPlace place_ = {.target = "lmdb:/data/a%b", .table = "t@1"};
};

TEST_F(ReplayTest, GivesRowsAndRecordsOnceMore) {
  ASSERT_OK_AND_ASSIGN(const auto source,
                       OpenReplay({.path = path_, .types = {{"id", arrow::utf8()}}}));
  EXPECT_EQ(source->estimate().rows, 2);
  std::string all;
  for (;;) {
    ASSERT_OK_AND_ASSIGN(const auto next, source->Next({}));
    if (!next.has_value()) break;
    for (int64_t i = 0; i < next->batch->num_rows(); ++i) {
      all += next->batch->column(0)->GetScalar(i).ValueOrDie()->ToString() + " ";
      all += next->batch->column(1)->GetScalar(i).ValueOrDie()->ToString() + "; ";
    }
  }
  EXPECT_THAT(all, HasSubstr("7 "));
  EXPECT_THAT(all, HasSubstr("8 "));
  EXPECT_THAT(OpenReplay({.path = path_, .types = {{"nothing", arrow::utf8()}}}).status(),
              FailsWith(FailureKind::kConfiguration, "column=nothing"));
}

TEST_F(ReplayTest, IsDoneOnce) {
  const auto mark = BeforeTheCommit();
  ASSERT_THAT(mark->AfterCommit(), IsOk());
  EXPECT_THAT(ReplayMark::Find(path_), FailsWith(FailureKind::kConfiguration, "loaded already"));
}

TEST_F(ReplayTest, IsNotDoneBesideALiveOne) {
  auto mark = ReplayMark::Make(path_, place_).ValueOrDie();
  EXPECT_THAT(ReplayMark::Make(path_, place_).status(),
              FailsWith(FailureKind::kConflict, "wait for it"));
  mark.reset();
  mark = BeforeTheCommit();
  EXPECT_THAT(ReplayMark::Make(path_, place_).status(), FailsWith(FailureKind::kConflict, "-r1@"));
  ASSERT_THAT(mark->AfterCommit(), IsOk());
  EXPECT_TRUE(There("q.arrow.replayed"));
}

// Only the store that it was on its way to knows whether it came there.
TEST_F(ReplayTest, ThatWasKilledIsNotDoneIntoAnotherPlace) {
  BeforeTheCommit();
  const auto refused = FailsWith(FailureKind::kConfiguration, "place=lmdb:/data/a%b@t@1 path=");
  const auto make = [&](const std::string& target, const std::string& table) {
    return ReplayMark::Make(path_, {.target = target, .table = table}).status();
  };
  EXPECT_THAT(make("lmdb:/data/b", place_.table), refused);
  EXPECT_THAT(make(place_.target, "others"), refused);
  EXPECT_THAT(make(place_.target, place_.table), IsOk());
}

TEST_F(ReplayTest, IntoAPlaceWithALongNameHasANameThatAFileMayHave) {
  const ReplayPlace place = {.target = "lmdb:/" + std::string(300, 'x'), .table = "t"};
  const auto name = MakeReplayingName(path_, "r1", place);
  EXPECT_EQ(fs::path(name).filename().string().size(), 255U);
  ASSERT_OK_AND_ASSIGN(const auto mark, ReplayMark::Make(path_, place));
  ASSERT_THAT(mark->OnRecovered(Load("r1")), IsOk());
  ASSERT_THAT(mark->BeforeCommit(), IsOk());
  const auto parsed = ParseReplayingName(path_, name);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed->is_to(place));
  EXPECT_EQ(parsed->load_id, "r1");
}

// Rows that a person moved to the name meanwhile stay.
TEST_F(ReplayTest, ThatFailsWritesOverNothing) {
  const auto mark = BeforeTheCommit();
  fs::copy_file("/proc/self/status", path_);
  EXPECT_THAT(mark->OnAbort(), FailsWith(FailureKind::kConfiguration, "-r1@"));
  EXPECT_THAT(ReadQuarantine(path_), FailsWith(FailureKind::kPermanent, "q.arrow"));
}

TEST_F(ReplayTest, ThatFailsCanBeDoneAgain) {
  const auto mark = BeforeTheCommit();
  ASSERT_THAT(mark->OnAbort(), IsOk());
  EXPECT_EQ(ReplayMark::Find(path_).ValueOrDie(), path_);
}

TEST_F(ReplayTest, ThatWasKilledIsSettledByTheStore) {
  for (const bool committed : {false, true}) {
    BeforeTheCommit();
    EXPECT_EQ(ReplayMark::Find(path_).ValueOrDie(), MakeReplayingName(path_, "r1", place_));
    const auto next = ReplayMark::Make(path_, place_).ValueOrDie();
    const Status settled = next->OnRecovered(Load("r2", committed ? "r1" : "r0"));
    if (committed) {
      EXPECT_THAT(settled, FailsWith(FailureKind::kConfiguration, "loaded already"));
      EXPECT_TRUE(There("q.arrow.replayed"));
    } else {
      EXPECT_THAT(settled, IsOk());
      EXPECT_TRUE(There("q.arrow"));
    }
  }
}

}  // namespace
}  // namespace ampload::pipeline
