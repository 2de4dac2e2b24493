#include "pipeline/load.h"

#include <gtest/gtest.h>

#include <barrier>
#include <cmath>
#include <numeric>
#include <thread>

#include "matchers.h"
#include "memory_loader.h"
#include "memory_source.h"

namespace ampload::pipeline {
namespace {

using ampload::testing::MemoryLoader;
using ampload::testing::MemoryScript;
using ampload::testing::MemorySource;
using ampload::testing::MemorySourceScript;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;

std::vector<int64_t> Counting(int64_t rows) {
  std::vector<int64_t> numbers(static_cast<size_t>(rows));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

LoadRequest IntoLogs(int64_t queue_bytes = 1 << 20) {
  LoadRequest request;
  request.table.name = "logs";
  request.queue_bytes = queue_bytes;
  return request;
}

// An integer that grows, and those who wait for it.
class Reached {
 public:
  void Set(int64_t value) {
    value_ = value;
    value_.notify_all();
  }
  void Wait(int64_t at_least) const {
    for (int64_t now = value_; now < at_least; now = value_) value_.wait(now);
  }

 private:
  std::atomic<int64_t> value_ = 0;
};

class LoadWithAndWithoutEncoder : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Session, LoadWithAndWithoutEncoder, ::testing::Bool(),
                         [](const auto& with) { return with.param ? "Encoder" : "NoEncoder"; });

TEST_P(LoadWithAndWithoutEncoder, KeepsOrderAndCommitsOnce) {
  MemorySource source({.batch_rows = std::vector<int64_t>(200, 7)});
  MemoryLoader loader({.with_encoder = GetParam()});
  // So small that every batch waits for the one before.
  const auto outcome = RunLoad(source, loader, IntoLogs(1), {});
  EXPECT_THAT(outcome.status, IsOk());
  EXPECT_TRUE(outcome.result.success);
  EXPECT_EQ(outcome.result.rows_loaded, 1400);
  EXPECT_THAT(loader.Rows("logs"), Optional(Counting(1400)));
  EXPECT_THAT(loader.breaches(), IsEmpty());
  const auto verbs = loader.session_verbs();
  ASSERT_EQ(verbs.size(), 203U);
  EXPECT_EQ(verbs[1], "take over");
  EXPECT_EQ(verbs.back(), "commit");
}

TEST_P(LoadWithAndWithoutEncoder, CommitsAnEmptySource) {
  MemorySource source({});
  MemoryLoader loader({.with_encoder = GetParam()});
  const auto outcome = RunLoad(source, loader, IntoLogs(), {});
  EXPECT_TRUE(outcome.result.success);
  EXPECT_EQ(outcome.result.rows_loaded, 0);
  EXPECT_THAT(loader.Rows("logs"), Optional(IsEmpty()));
  EXPECT_THAT(loader.verbs(), ElementsAre("open", "take over", "commit"));
}

TEST_P(LoadWithAndWithoutEncoder, SkipsBatchesWithoutRows) {
  MemorySource source({.batch_rows = {0, 3, 0, 0, 2, 0}});
  MemoryLoader loader({.with_encoder = GetParam()});
  const auto outcome = RunLoad(source, loader, IntoLogs(), {});
  EXPECT_EQ(outcome.result.rows_loaded, 5);
  EXPECT_THAT(loader.breaches(), IsEmpty());
  EXPECT_THAT(loader.origins(), ElementsAre("memory:1", "memory:4"));
  EXPECT_THAT(outcome.result.metadata, Contains(Pair("batch_count", MetadataValue(int64_t{2}))));
}

TEST(Load, AnEmptyOverwriteClearsTheTable) {
  MemoryLoader loader;
  MemorySource rows({.batch_rows = {3}});
  ASSERT_THAT(RunLoad(rows, loader, IntoLogs(), {}).status, IsOk());
  auto request = IntoLogs();
  request.table.mode = LoadMode::kOverwrite;
  MemorySource nothing({});
  ASSERT_THAT(RunLoad(nothing, loader, request, {}).status, IsOk());
  EXPECT_THAT(loader.Rows("logs"), Optional(IsEmpty()));
}

// The three stages meet: it ends only if all three are at work at the same time.
TEST(Load, ReadsEncodesAndStagesAtOnce) {
  std::barrier meeting(3);
  MemorySource source({.batch_rows = {1, 1, 1}, .on_next = [&](int64_t index, const CallContext&) {
                         if (index == 2) meeting.arrive_and_wait();
                         return Status::OK();
                       }});
  MemoryLoader loader({.on_encode =
                           [&](int64_t nth) {
                             if (nth == 1) meeting.arrive_and_wait();
                             return Status::OK();
                           },
                       .on_stage =
                           [&](int64_t nth, const CallContext&) {
                             if (nth == 0) meeting.arrive_and_wait();
                             return Status::OK();
                           }});
  EXPECT_THAT(RunLoad(source, loader, IntoLogs(), {}).status, IsOk());
}

// Batches of 8,000 bytes weigh 9,024 in the first queue and 17,024 in the second, so that of
// 100,000 bytes the first takes 11, the second 5. One more is in each stage's hands. The writer is
// always as late as the queues, refilled when half is free, certainly allow: 6 + 3 + 3 batches.
TEST(Load, BytesInFlightStayWithinTheBoundBehindASlowWriter) {
  constexpr int64_t kBatches = 300;
  Reached read;
  MemorySourceScript script{.batch_rows = std::vector<int64_t>(kBatches, 1000)};
  script.on_next = [&](int64_t index, const CallContext&) {
    read.Set(index);
    return Status::OK();
  };
  MemoryScript slow;
  slow.on_stage = [&](int64_t nth, const CallContext&) {
    read.Wait(std::min(kBatches, nth + 6 + 3 + 3 - 1));
    return Status::OK();
  };
  MemorySource source(script);
  MemoryLoader loader(slow);
  const auto outcome = RunLoad(source, loader, IntoLogs(100'000), {});
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_LE(script.gauge->peak(), (11 + 5 + 3) * 8000);
  EXPECT_LE(slow.gauge->peak(), (5 + 2) * 8000);
  EXPECT_EQ(script.gauge->now(), 0);
  EXPECT_EQ(slow.gauge->now(), 0);
}

TEST(Load, ASlowReaderLeavesNothingInFlight) {
  Reached staged;
  MemorySourceScript script{.batch_rows = std::vector<int64_t>(50, 1000)};
  script.on_next = [&](int64_t index, const CallContext&) {
    staged.Wait(index);
    return Status::OK();
  };
  MemorySource source(script);
  MemoryLoader loader({.on_stage = [&](int64_t nth, const CallContext&) {
    staged.Set(nth + 1);
    return Status::OK();
  }});
  EXPECT_THAT(RunLoad(source, loader, IntoLogs(), {}).status, IsOk());
  EXPECT_LE(script.gauge->peak(), 2 * 8000);
}

TEST(Load, FillsTheSpecificationsMetadata) {
  MemorySource source({.batch_rows = {100'000, 31'072, 131'072}});
  MemoryLoader loader;
  const LoadResult result = RunLoad(source, loader, IntoLogs(), {}).result;
  EXPECT_EQ(result.loader_type, "memory");
  EXPECT_EQ(result.table_name, "logs");
  EXPECT_EQ(result.error, "");
  EXPECT_GT(result.duration_seconds, 0);
  const double rate = std::round(262'144 / result.duration_seconds * 100) / 100;
  EXPECT_DOUBLE_EQ(result.ops_per_second, rate);
  const Metadata expected = {{"operation", "load_table"},
                             {"batch_count", int64_t{3}},
                             {"batches_processed", int64_t{3}},
                             {"total_rows", int64_t{262'144}},
                             {"schema_fields", int64_t{1}},
                             {"avg_batch_size", 87381.33},
                             {"table_size_mb", 2.0},
                             {"throughput_rows_per_sec", rate},
                             {"bytes_encoded", int64_t{2 << 20}}};
  EXPECT_EQ(result.metadata, expected);
}

TEST(Load, KnowsNoEncodedBytesWithoutAnEncoder) {
  MemorySource source({.batch_rows = {1}});
  MemoryLoader loader({.with_encoder = false});
  const auto metadata = RunLoad(source, loader, IntoLogs(), {}).result.metadata;
  EXPECT_EQ(metadata.count("bytes_encoded"), 0U);
}

TEST(Load, SaysWhatRecoveryCleanedUp) {
  MemorySource source({.batch_rows = {1}});
  Recovered recovered;
  recovered.cleaned_up = "undid 12 rows of a dead load";
  MemoryLoader loader({.recover = recovered});
  const auto metadata = RunLoad(source, loader, IntoLogs(), {}).result.metadata;
  EXPECT_THAT(metadata, Contains(Pair("recovered", MetadataValue("undid 12 rows of a dead load"))));
}

TEST(Load, AOneOffCheckpointCountsItsRows) {
  MemorySource source({.batch_rows = {4, 5}});
  MemoryLoader loader;
  ASSERT_THAT(RunLoad(source, loader, IntoLogs(), {}).status, IsOk());
  ASSERT_TRUE(loader.checkpoint().has_value());
  EXPECT_EQ(loader.checkpoint()->rows_total, 9);
  EXPECT_EQ(loader.checkpoint()->table, "logs");
  EXPECT_EQ(loader.checkpoint()->pipeline, "");
}

TEST(Load, AResumedPipelinesCheckpointGoesOn) {
  Checkpoint before;
  before.rows_total = 100;
  before.slot = 3;
  before.source_position = "{}";
  MemorySource source({.batch_rows = {4}});
  Recovered resumed;
  resumed.finding = RecoverFinding::kResumed;
  resumed.checkpoint = before;
  resumed.slot = 3;
  MemoryLoader loader({.recover = resumed});
  auto request = IntoLogs();
  request.table.pipeline = "nightly";
  ASSERT_THAT(RunLoad(source, loader, request, {}).status, IsOk());
  EXPECT_EQ(loader.checkpoint()->rows_total, 104);
  EXPECT_EQ(loader.checkpoint()->slot, 3);
  EXPECT_EQ(loader.checkpoint()->pipeline, "nightly");
  EXPECT_EQ(loader.checkpoint()->source_position, "{}");
}

// The reader waits until progress was shown, so the writer shows it while it waits for the reader.
TEST(Load, ShowsProgressWhileItWaitsAndBeforeItCommits) {
  Reached shown;
  std::vector<LoadProgress> seen;
  bool other_thread = false;
  MemorySource source({.batch_rows = {5, 5}, .on_next = [&](int64_t index, const CallContext&) {
                         if (index == 1) shown.Wait(1);
                         return Status::OK();
                       }});
  MemoryLoader loader;
  auto request = IntoLogs();
  const auto me = std::this_thread::get_id();
  request.on_progress = [&](const LoadProgress& progress) {
    other_thread |= std::this_thread::get_id() != me;
    seen.push_back(progress);
    shown.Set(1);
  };
  ASSERT_THAT(RunLoad(source, loader, request, {}).status, IsOk());
  EXPECT_FALSE(other_thread);
  ASSERT_GE(seen.size(), 2U);
  EXPECT_FALSE(seen.front().committing);
  EXPECT_EQ(seen.front().rows_read, 5);
  EXPECT_TRUE(seen.back().committing);
  EXPECT_EQ(seen.back().rows_staged, 10);
  EXPECT_EQ(seen.back().bytes_read, 80);
  EXPECT_EQ(seen.back().bytes_staged, 80);
}

}  // namespace
}  // namespace ampload::pipeline
