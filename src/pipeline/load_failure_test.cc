// What a load leaves and says when something fails, at each place where something can.
#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <new>
#include <stdexcept>
#include <thread>

#include "matchers.h"
#include "memory_loader.h"
#include "memory_source.h"
#include "pipeline/load.h"

namespace ampload::pipeline {
namespace {

using ampload::testing::MemoryLoader;
using ampload::testing::MemoryScript;
using ampload::testing::MemorySource;
using ampload::testing::MemorySourceScript;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<int64_t> kThereBefore = {-1, -2, -3};

// Ten batches of 10 rows into a table that has rows, through queues that hold one batch each.
struct TenBatches {
  MemorySourceScript source{.batch_rows = std::vector<int64_t>(10, 10)};
  MemoryScript loader;
  CallContext context;

  // Afterwards.
  std::vector<std::string> verbs;
  std::vector<int64_t> rows;

  LoadOutcome Load() {
    loader.gauge = source.gauge;
    MemorySource from(source);
    MemoryLoader into(loader);
    into.Preload("logs", kThereBefore);
    LoadRequest request;
    request.table.name = "logs";
    request.queue_bytes = 1;
    auto outcome = RunLoad(from, into, request, context);
    verbs = into.session_verbs();
    rows = into.Rows("logs").value_or(std::vector<int64_t>{});
    EXPECT_THAT(into.breaches(), IsEmpty());
    EXPECT_EQ(source.gauge->now(), 0) << "bytes outlive the load";
    return outcome;
  }

  // A failure before the commit: aborted, nothing left, and the result says so.
  void ExpectNothingLoaded(const LoadOutcome& outcome) const {
    EXPECT_FALSE(outcome.status.ok());
    EXPECT_FALSE(outcome.result.success);
    EXPECT_FALSE(outcome.fenced);
    EXPECT_EQ(outcome.result.rows_loaded, 0);
    EXPECT_EQ(outcome.result.ops_per_second, 0);
    EXPECT_EQ(outcome.result.error, MessageOf(outcome.status));
    EXPECT_EQ(outcome.result.table_name, "logs");
    EXPECT_EQ(outcome.result.metadata.at("operation"), MetadataValue("load_table"));
    EXPECT_EQ(rows, kThereBefore);
  }
  void ExpectAborted(const LoadOutcome& outcome) const {
    ExpectNothingLoaded(outcome);
    ASSERT_FALSE(verbs.empty());
    EXPECT_EQ(verbs.back(), "abort");
    EXPECT_THAT(verbs, Not(Contains("commit")));
  }
};

// A verb that lasts until the load stops, as one that waits for a slow store does.
Status WaitForStop(const CallContext& context) {
  std::latch stopped(1);
  const std::stop_callback on_stop(context.stop, [&] { stopped.count_down(); });
  stopped.wait();
  return context.Check();
}

TEST(FailedLoad, ReaderFailureIsTheCauseAlthoughTheWriterReportsAnInterruption) {
  TenBatches load;
  std::latch staging(1);
  load.source.on_next = [&](int64_t index, const CallContext&) {
    if (index != 2) return Status::OK();
    staging.wait();
    return DataError("file b.parquet is damaged");
  };
  load.loader.on_stage = [&](int64_t nth, const CallContext& context) {
    if (nth != 0) return Status::OK();
    staging.count_down();
    return WaitForStop(context);
  };
  const auto outcome = load.Load();
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kData, "file b.parquet is damaged"));
  load.ExpectAborted(outcome);
}

TEST(FailedLoad, EncoderFailureIsTheCauseAlthoughBothNeighboursWait) {
  TenBatches load;
  std::latch staging(1);
  load.loader.on_encode = [&](int64_t nth) {
    if (nth != 1) return Status::OK();
    staging.wait();
    return DataError("value does not fit: row=17");
  };
  load.loader.on_stage = [&](int64_t, const CallContext& context) {
    staging.count_down();
    return WaitForStop(context);
  };
  const auto outcome = load.Load();
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kData, "row=17"));
  load.ExpectAborted(outcome);
}

TEST(FailedLoad, WriterFailureIsTheCauseAlthoughTheReaderReportsAnInterruption) {
  TenBatches load;
  load.source.on_next = [&](int64_t index, const CallContext& context) {
    return index < 3 ? Status::OK() : WaitForStop(context);
  };
  load.loader.on_stage = [&](int64_t nth, const CallContext&) {
    return nth < 2 ? Status::OK() : PermanentError("disk full", "ENOSPC");
  };
  const auto outcome = load.Load();
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kPermanent, "disk full"));
  EXPECT_EQ(StoreCodeOf(outcome.status), "ENOSPC");
  load.ExpectAborted(outcome);
}

TEST(FailedLoad, EveryBatchMayBeTheOneThatFails) {
  for (const bool with_encoder : {false, true}) {
    for (int64_t bad = 0; bad < 10; ++bad) {
      const auto fail_at = [bad](int64_t nth) {
        return nth == bad ? DataError("batch " + std::to_string(bad)) : Status::OK();
      };
      TenBatches read;
      TenBatches encode;
      TenBatches stage;
      read.source.on_next = [=](int64_t index, const CallContext&) { return fail_at(index); };
      encode.loader.on_encode = fail_at;
      stage.loader.on_stage = [=](int64_t nth, const CallContext&) { return fail_at(nth); };
      for (auto* load : {&read, &encode, &stage}) {
        if (load == &encode && !with_encoder) continue;
        load->loader.with_encoder = with_encoder;
        const auto outcome = load->Load();
        EXPECT_THAT(outcome.status, FailsWith(FailureKind::kData, "batch " + std::to_string(bad)));
        load->ExpectAborted(outcome);
      }
    }
  }
}

TEST(FailedLoad, ExceptionsInAStageAreFailures) {
  TenBatches read;
  TenBatches encode;
  TenBatches stage;
  read.source.on_next = [](int64_t index, const CallContext&) -> Status {
    if (index == 3) throw std::bad_alloc();
    return Status::OK();
  };
  encode.loader.on_encode = [](int64_t nth) -> Status {
    if (nth == 3) throw std::runtime_error("odd column");
    return Status::OK();
  };
  stage.loader.on_stage = [](int64_t nth, const CallContext&) -> Status {
    if (nth == 3) throw 42;
    return Status::OK();
  };
  const std::vector<std::pair<TenBatches*, std::string>> cases = {
      {&read, "reader: out of memory"},
      {&encode, "encoder: odd column"},
      {&stage, "writer: an exception of unknown type"}};
  for (const auto& [load, message] : cases) {
    const auto outcome = load->Load();
    EXPECT_THAT(outcome.status, FailsWith(FailureKind::kPermanent, message));
    load->ExpectAborted(outcome);
  }
}

TEST(FailedLoad, ABatchOfAnotherSchemaIsRefused) {
  class ChangingSource : public Source {
   public:
    const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
    Result<std::optional<SourceBatch>> Next(const CallContext&) override {
      auto other = arrow::schema({arrow::field("m", arrow::int64())});
      ARROW_ASSIGN_OR_RAISE(auto batch, arrow::RecordBatch::MakeEmpty(other));
      SourceBatch next;
      next.batch = std::move(batch);
      next.origin = "b.parquet";
      return next;
    }

   private:
    std::shared_ptr<arrow::Schema> schema_ = arrow::schema({arrow::field("n", arrow::int64())});
  };
  ChangingSource source;
  MemoryLoader loader;
  const auto outcome = RunLoad(source, loader, {}, {});
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kData, "origin=b.parquet"));
}

TEST(FailedLoad, ARefusedTakeOverStagesNothing) {
  TenBatches load;
  load.loader.recover = ConflictError("table is being loaded by process 12");
  const auto outcome = load.Load();
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kConflict, "process 12"));
  load.ExpectNothingLoaded(outcome);
  EXPECT_THAT(load.verbs, ElementsAre("open", "take over"));
}

TEST(FailedLoad, AFailedAbortIsToldBesideTheCause) {
  TenBatches load;
  load.loader.on_stage = [](int64_t, const CallContext&) { return DataError("key is null"); };
  load.loader.abort = PermanentError("connection lost");
  const auto outcome = load.Load();
  EXPECT_THAT(outcome.status, FailsWith(FailureKind::kData, "key is null"));
  EXPECT_THAT(outcome.result.error, HasSubstr("connection lost"));
  load.ExpectAborted(outcome);
}

TEST(StoppedLoad, BeforeItsStartTouchesNothing) {
  std::stop_source stop;
  stop.request_stop();
  TenBatches load;
  load.context.stop = stop.get_token();
  const auto outcome = load.Load();
  EXPECT_TRUE(outcome.status.IsCancelled());
  EXPECT_THAT(load.verbs, IsEmpty());
  load.ExpectNothingLoaded(outcome);
}

TEST(StoppedLoad, InTheMiddleLeavesNothingAndSaysInterrupted) {
  for (const std::string where : {"reader", "encoder", "writer", "last batch"}) {
    std::stop_source stop;
    const auto stop_at = [&](int64_t wanted, int64_t nth) {
      if (nth == wanted) stop.request_stop();
      return Status::OK();
    };
    TenBatches load;
    load.context.stop = stop.get_token();
    if (where == "reader") {
      load.source.on_next = [=](int64_t index, const CallContext&) { return stop_at(4, index); };
    } else if (where == "encoder") {
      load.loader.on_encode = [=](int64_t nth) { return stop_at(4, nth); };
    } else {
      const int64_t wanted = where == "writer" ? 4 : 9;
      load.loader.on_stage = [=](int64_t nth, const CallContext&) { return stop_at(wanted, nth); };
    }
    const auto outcome = load.Load();
    EXPECT_TRUE(outcome.status.IsCancelled());
    EXPECT_EQ(outcome.result.error, "interrupted: nothing was loaded: table=logs") << where;
    load.ExpectAborted(outcome);
  }
}

TEST(StoppedLoad, FromOutsideEndsEveryWait) {
  std::stop_source stop;
  std::latch waiting(2);
  TenBatches load;
  load.context.stop = stop.get_token();
  load.source.on_next = [&](int64_t index, const CallContext& context) {
    if (index != 2) return Status::OK();
    waiting.count_down();
    return WaitForStop(context);
  };
  load.loader.on_stage = [&](int64_t, const CallContext& context) {
    waiting.count_down();
    return WaitForStop(context);
  };
  std::jthread other([&] {
    waiting.wait();
    stop.request_stop();
  });
  const auto outcome = load.Load();
  EXPECT_TRUE(outcome.status.IsCancelled());
  load.ExpectAborted(outcome);
}

TEST(StoppedLoad, AtItsDeadlineLeavesNothing) {
  TenBatches load;
  load.context.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  load.loader.on_stage = [&](int64_t, const CallContext&) {
    while (load.context.Check().ok()) std::this_thread::yield();
    return Status::OK();
  };
  const auto outcome = load.Load();
  EXPECT_TRUE(outcome.status.IsCancelled());
  EXPECT_THAT(outcome.result.error, HasSubstr("deadline exceeded"));
  EXPECT_THAT(load.verbs, Not(Contains("stage 1"))) << "the first lasted until the deadline";
  load.ExpectNothingLoaded(outcome);
}

TEST(StoppedLoad, DuringACommitThatTakesEffectIsASuccess) {
  std::stop_source stop;
  TenBatches load;
  load.context.stop = stop.get_token();
  load.loader.on_commit = [&](int64_t rows, const auto& take_effect) -> Result<CommitOutcome> {
    stop.request_stop();
    take_effect();
    return Committed{rows};
  };
  const auto outcome = load.Load();
  EXPECT_TRUE(outcome.result.success);
  EXPECT_EQ(load.rows.size(), 103U);
}

}  // namespace
}  // namespace ampload::pipeline
