// A session and what other writers of its table do meanwhile.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "loaders/deltalake/session_for_test.h"

namespace ampload::deltalake {
namespace {

namespace fs = std::filesystem;
using lake::PutOutcome;

TEST_F(DeltaSessions, StartedAtOnceOnAMissingTableGetSlotsOfTheirOwn) {
  // Before the first one's first entry is put, another session does the whole of its start.
  Recovered second;
  std::unique_ptr<DeltaSession> other;
  store_->on_put = [&](const std::string& path, std::string_view) -> std::optional<PutOutcome> {
    if (path == LogEntryPath(0) && other == nullptr) {
      other = Open(Spec("b"));
      auto result = other->Recover(RecoverMode::kTakeOver, {});
      EXPECT_THAT(result, IsOk());
      second = *std::move(result);
    }
    return std::nullopt;
  };
  Recovered first;
  auto session = TakeOver(Spec("a"), &first);
  EXPECT_EQ(second.slot, 0);
  EXPECT_EQ(first.slot, 1);
  EXPECT_EQ(Table().version, 1);
}

TEST_F(DeltaSessions, AppendBesideOthersWithoutAConflict) {
  auto session = TakeOver(Spec("a"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  auto other = TakeOver(Spec(""));
  ASSERT_THAT(other->Stage(BatchOf(BatchId(), {7}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto first, other->Commit({}, {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(first));
  ASSERT_OK_AND_ASSIGN(const auto second, session->Commit(Ladder({{kOne, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(second));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 7}));
}

TEST_F(DeltaSessions, ReportAConflictWhereTheColumnsChangedMeanwhile) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  auto table = Table();
  auto metadata = table.metadata;
  metadata.partition_columns = {"n"};
  ASSERT_THAT(Log(inner_).Put(table.version + 1, {metadata}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(Ladder({{kOne, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Conflict>(outcome));
  EXPECT_TRUE(DataFiles().empty());
}

TEST_F(DeltaSessions, SeeThatTheirRowsAreGone) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  session.reset();
  const auto table = Table();
  const auto gone = Files().adds().begin()->second;
  ASSERT_THAT(Log(inner_).Put(table.version + 1, {RemoveOf(gone, 1)}, {}), IsOk());
  EXPECT_THAT(Open(Spec("p"))->Recover(RecoverMode::kTakeOver, {}),
              FailsWith(FailureKind::kPermanent, "not in the table any more"));
}

TEST_F(DeltaSessions, SeeThatTheirRowsGoWhileTheyRun) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, session->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  // Moved into another file, as OPTIMIZE does.
  auto file = Files().adds().begin()->second;
  auto moved = RemoveOf(file, 1);
  moved.data_change = false;
  auto other = file;
  other.path = "moved.parquet";
  other.data_change = false;
  fs::copy(folder_ / file.path, folder_ / other.path);
  ASSERT_THAT(Log(inner_).Put(Table().version + 1, {moved, other}, {}), IsOk());
  ASSERT_THAT(session->Stage(BatchOf(kTwo, {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, session->Commit(Ladder({{kOne, 1}, {kTwo, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  // Others' rows may go.
  auto load = TakeOver(Spec(""));
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {7}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, load->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  const auto files = Files();
  const auto foreign = std::find_if(files.adds().begin(), files.adds().end(), [](const auto& one) {
    return one.second.path != "moved.parquet" && !one.second.tags.has_value();
  });
  ASSERT_NE(foreign, files.adds().end());
  ASSERT_THAT(Log(inner_).Put(Table().version + 1, {RemoveOf(foreign->second, 1)}, {}), IsOk());
  ASSERT_THAT(session->Stage(BatchOf(kThree, {3}), {}), IsOk());
  const auto ladder = Ladder({{kOne, 1}, {kTwo, 1}, {kThree, 1}});
  ASSERT_OK_AND_ASSIGN(outcome, session->Commit(ladder, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 2, 3}));
  // Rows of a batch that may be taken back may not.
  ASSERT_THAT(Log(inner_).Put(Table().version + 1, {RemoveOf(other, 1)}, {}), IsOk());
  const auto version = Table().version;
  ASSERT_THAT(session->Stage(BatchOf(BatchId(4 << 15), {4}), {}), IsOk());
  EXPECT_THAT(session->Commit(ladder, {}),
              FailsWith(FailureKind::kPermanent, "not in the table any more"));
  EXPECT_EQ(Table().version, version);
}

TEST_F(DeltaSessions, AreFencedBeforeTheyMissWhatTheirSuccessorTookBack) {
  auto old = TakeOver(Spec("p"));
  ASSERT_THAT(old->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, old->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  auto young = TakeOver(Spec("p"));
  ASSERT_THAT(young->Undo({kOne}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, young->Commit(Ladder({}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  ASSERT_THAT(old->Stage(BatchOf(kTwo, {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, old->Commit(Ladder({{kOne, 1}, {kTwo, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Fenced>(outcome));
}

TEST_F(DeltaSessions, GoOnWhereTheLogWasCleanedMeanwhile) {
  auto session = TakeOver(Spec("p"));
  auto load = TakeOver(Spec(""));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {2}), {}), IsOk());
  AppendAndCleanTheLog({7, 8});
  ASSERT_OK_AND_ASSIGN(auto outcome, session->Commit(Ladder({{kOne, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(outcome));
  AppendAndCleanTheLog({9});
  ASSERT_OK_AND_ASSIGN(outcome, load->Commit({}, {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1, 2, 7, 8, 9}));
}

TEST_F(DeltaSessions, SettleWhereTheLogWasCleanedMeanwhile) {
  std::multiset<int64_t> rows;
  for (const std::string pipeline : {"p", ""}) {
    for (const bool arrives : {true, false}) {
      auto session = TakeOver(Spec(pipeline));
      ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
      bool sent = false;
      store_->on_put = [&](const std::string& path,
                           std::string_view bytes) -> std::optional<PutOutcome> {
        if (sent || !path.starts_with("_delta_log/")) return std::nullopt;
        sent = true;
        if (arrives) {
          EXPECT_THAT(inner_->PutIfAbsent(path, bytes, {}), IsOk());
        }
        return PutOutcome::kUnknown;
      };
      const auto ladder = pipeline.empty() ? Checkpoint{} : Ladder({{kOne, 1}});
      ASSERT_OK_AND_ASSIGN(const auto outcome, session->Commit(ladder, {}));
      store_->on_put = nullptr;
      ASSERT_TRUE(std::holds_alternative<Unknown>(outcome));
      AppendAndCleanTheLog({7, 8});
      rows.insert({7, 8});
      if (arrives) rows.insert(1);
      if (pipeline.empty() && !arrives) {  // or were its rows deleted since?
        EXPECT_THAT(session->Recover(RecoverMode::kSettle, {}),
                    FailsWith(FailureKind::kPermanent, "cannot be told"));
        continue;
      }
      ASSERT_OK_AND_ASSIGN(const auto settled, session->Recover(RecoverMode::kSettle, {}));
      EXPECT_EQ(settled.finding,
                arrives ? RecoverFinding::kCommitted : RecoverFinding::kNotCommitted);
      session.reset();
      EXPECT_EQ(Rows(), rows);
    }
  }
}

TEST_F(DeltaSessions, SeeThatTheirFilesWereDeletedBeforeTheyAreTheTables) {
  auto session = TakeOver(Spec("p"));
  ASSERT_THAT(session->Stage(BatchOf(kOne, {1}), {}), IsOk());
  // A VACUUM that keeps nothing comes between files and entry.
  store_->on_put = [&](const std::string& path, std::string_view) -> std::optional<PutOutcome> {
    if (path != LogEntryPath(1)) return std::nullopt;
    store_->on_put = nullptr;
    for (const auto& file : DataFiles()) fs::remove(folder_ / file);
    auto other = TakeOver(Spec(""));
    EXPECT_THAT(other->Stage(BatchOf(BatchId(), {7}), {}), IsOk());
    EXPECT_THAT(other->Commit({}, {}), IsOk());
    return std::nullopt;
  };
  EXPECT_THAT(session->Commit(Ladder({{kOne, 1}}), {}),
              FailsWith(FailureKind::kPermanent, "before they were committed"));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{7}));
}

TEST_F(DeltaSessions, OverwriteAllRowsAndTheOtherPipelines) {
  auto pipeline = TakeOver(Spec("p"));
  ASSERT_THAT(pipeline->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, pipeline->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  auto spec = Spec("");
  spec.mode = LoadMode::kOverwrite;
  EXPECT_THAT(Open(spec)->Recover(RecoverMode::kTakeOver, {}),
              FailsWith(FailureKind::kConfiguration, "--force"));
  spec.force = true;
  auto load = TakeOver(spec);
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {8, 9}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, load->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{8, 9}));
  // The pipeline does not go on from a place that is no more.
  ASSERT_THAT(pipeline->Stage(BatchOf(kTwo, {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, pipeline->Commit(Ladder({{kOne, 1}, {kTwo, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Fenced>(outcome));
  ASSERT_OK_AND_ASSIGN(const auto left, ReadCheckpoints(*inner_, Table(), {}));
  EXPECT_TRUE(left.empty());
  Recovered again;
  TakeOver(Spec("p"), &again);
  EXPECT_EQ(again.finding, RecoverFinding::kFresh);
}

TEST_F(DeltaSessions, OverwriteNoRecordOfAPipelineThatStartsMeanwhile) {
  auto pipeline = TakeOver(Spec("p"));
  ASSERT_THAT(pipeline->Stage(BatchOf(kOne, {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, pipeline->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  auto spec = Spec("");
  spec.mode = LoadMode::kOverwrite;
  spec.force = true;
  auto load = TakeOver(spec);
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {8}), {}), IsOk());
  // Before the entry of the pipeline's next start is put, the overwrite is tried, and does not come
  // through.
  const auto fence = LogEntryPath(Table().version + 1);
  bool trying = false;
  store_->on_put = [&](const std::string& path, std::string_view) -> std::optional<PutOutcome> {
    if (path != fence) return std::nullopt;
    if (std::exchange(trying, true)) return PutOutcome::kUnknown;
    auto tried = load->Commit({}, {});
    EXPECT_TRUE(tried.ok() && std::holds_alternative<Unknown>(*tried));
    return std::nullopt;
  };
  pipeline = TakeOver(Spec("p"));
  EXPECT_TRUE(trying);
  store_->on_put = nullptr;
  Recovered again;
  pipeline = TakeOver(Spec("p"), &again);
  EXPECT_EQ(again.finding, RecoverFinding::kResumed);
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{1}));
  // Tried once more, it ends the pipeline that is there now.
  ASSERT_OK_AND_ASSIGN(const auto settled, load->Recover(RecoverMode::kSettle, {}));
  ASSERT_EQ(settled.finding, RecoverFinding::kNotCommitted);
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {8}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, load->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  ASSERT_THAT(pipeline->Stage(BatchOf(kTwo, {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, pipeline->Commit(Ladder({{kOne, 1}, {kTwo, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Fenced>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{8}));
}

TEST_F(DeltaSessions, CheckRowsAgainstConstraintsThatOthersAddMeanwhile) {
  auto pipeline = TakeOver(Spec("p"));
  ASSERT_THAT(pipeline->Stage(BatchOf(kOne, {1}), {}), IsOk());
  const auto table = Table();
  auto metadata = table.metadata;
  metadata.configuration["delta.constraints.large"] = "n > 1";
  ASSERT_THAT(Log(inner_).Put(table.version + 1, {metadata}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, pipeline->Commit(Ladder({{kOne, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Conflict>(outcome));
  EXPECT_THAT(pipeline->Stage(BatchOf(kOne, {1}), {}),
              FailsWith(FailureKind::kData, "the CHECK constraint large"));
  ASSERT_THAT(pipeline->Stage(BatchOf(kOne, {2}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, pipeline->Commit(Ladder({{kOne, 1}}), {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{2}));
  // Properties that say nothing of rows stand in nobody's way.
  ASSERT_THAT(pipeline->Stage(BatchOf(kTwo, {3}), {}), IsOk());
  metadata.configuration["owner"] = "me";
  ASSERT_THAT(Log(inner_).Put(Table().version + 1, {metadata}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(outcome, pipeline->Commit(Ladder({{kOne, 1}, {kTwo, 1}}), {}));
  EXPECT_TRUE(std::holds_alternative<Committed>(outcome));
}

TEST_F(DeltaSessions, OverwriteWhatOthersAddedMeanwhile) {
  auto spec = Spec("");
  spec.mode = LoadMode::kOverwrite;
  auto load = TakeOver(spec);
  ASSERT_THAT(load->Stage(BatchOf(BatchId(), {8}), {}), IsOk());
  auto other = TakeOver(Spec(""));
  ASSERT_THAT(other->Stage(BatchOf(BatchId(), {1}), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, other->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  ASSERT_OK_AND_ASSIGN(outcome, load->Commit({}, {}));
  ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
  EXPECT_EQ(Rows(), (std::multiset<int64_t>{8}));
}

}  // namespace
}  // namespace ampload::deltalake
