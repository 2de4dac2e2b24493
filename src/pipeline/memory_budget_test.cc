#include "pipeline/memory_budget.h"

#include <arrow/util/future.h>
#include <arrow/util/thread_pool.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

#include "matchers.h"

namespace ampload::pipeline {
namespace {

constexpr int64_t kMiB = 1 << 20;

class BudgetPoolTest : public ::testing::Test {
 protected:
  Result<uint8_t*> Take(int64_t bytes) {
    uint8_t* at = nullptr;
    ARROW_RETURN_NOT_OK(pool_.Allocate(bytes, 64, &at));
    return at;
  }

  MemoryBudget budget_ = MemoryBudget::Make(64 * kMiB).ValueOrDie();  // soft 16, hard 32
  BudgetPool pool_{budget_, arrow::system_memory_pool()};
};

TEST(MemoryBudget, SharesOutNoMoreThanThereIs) {
  for (const int64_t total : {16 * kMiB, 64 * kMiB, 256 * kMiB, 4096 * kMiB}) {
    ASSERT_OK_AND_ASSIGN(const auto budget, MemoryBudget::Make(total));
    EXPECT_LE(budget.source_soft + 2 * budget.queue_bytes + budget.staging_bytes, total);
    EXPECT_LE(budget.source_hard + budget.staging_bytes, total);
    EXPECT_LE(4 * budget.batch_bytes, budget.source_soft);
  }
  EXPECT_THAT(MemoryBudget::Make(kMiB), FailsWith(FailureKind::kConfiguration, "at least 16MiB"));
}

TEST_F(BudgetPoolTest, AloneGoesUpToTheHardLimitAndSaysWhatToSet) {
  ASSERT_OK_AND_ASSIGN(auto* first, Take(20 * kMiB));
  const auto more = Take(20 * kMiB);
  EXPECT_TRUE(more.status().IsOutOfMemory());
  EXPECT_THAT(more.status().message(), testing::HasSubstr("set --memory to more than 81MiB"));
  pool_.Free(first, 20 * kMiB, 64);
  EXPECT_EQ(pool_.bytes_allocated(), 0);
  EXPECT_EQ(pool_.max_memory(), 20 * kMiB);
}

TEST_F(BudgetPoolTest, WaitsForBatchesThatAreOnTheirWay) {
  ASSERT_OK_AND_ASSIGN(auto* batch, Take(12 * kMiB));
  auto token = pool_.OnItsWay();
  auto taken = std::async(std::launch::async, [&] { return Take(12 * kMiB); });
  EXPECT_EQ(taken.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  EXPECT_LE(pool_.bytes_allocated(), budget_.source_soft);
  pool_.Free(batch, 12 * kMiB, 64);
  token.reset();
  ASSERT_OK_AND_ASSIGN(auto* next, taken.get());
  pool_.Free(next, 12 * kMiB, 64);
}

TEST_F(BudgetPoolTest, TakesTheQueuesShareOnceTheyAreEmpty) {
  ASSERT_OK_AND_ASSIGN(auto* own, Take(12 * kMiB));
  auto token = pool_.OnItsWay();
  auto taken = std::async(std::launch::async, [&] { return Take(12 * kMiB); });
  token.reset();  // frees nothing, but nothing is left to wait for
  ASSERT_OK_AND_ASSIGN(auto* next, taken.get());
  pool_.Free(next, 12 * kMiB, 64);
  pool_.Free(own, 12 * kMiB, 64);
}

TEST_F(BudgetPoolTest, LeavesArrowsThreadsToThoseDownstream) {
  auto* threads = arrow::internal::GetCpuThreadPool();
  const int capacity = threads->GetCapacity();
  const int64_t whole = budget_.source_soft;
  const int64_t part = whole / capacity;
  ASSERT_OK_AND_ASSIGN(auto* batch, Take(whole));
  auto token = pool_.OnItsWay();
  std::vector<arrow::Future<uint8_t*>> columns;
  for (int i = 0; i < capacity; ++i) {
    ASSERT_OK_AND_ASSIGN(columns.emplace_back(), threads->Submit([&] { return Take(part); }));
  }
  // Who frees the batch needs one of those threads.
  ASSERT_OK_AND_ASSIGN(const auto freed, threads->Submit([&] {
    pool_.Free(batch, whole, 64);
    return Status::OK();
  }));
  EXPECT_THAT(freed.status(), IsOk());
  for (auto& column : columns) {
    ASSERT_OK_AND_ASSIGN(auto* taken, column.result());
    pool_.Free(taken, part, 64);
  }
  token.reset();
  EXPECT_EQ(threads->GetCapacity(), capacity);
}

TEST_F(BudgetPoolTest, StopsWaitingWhenInterrupted) {
  ASSERT_OK_AND_ASSIGN(auto* batch, Take(12 * kMiB));
  const auto token = pool_.OnItsWay();
  auto taken = std::async(std::launch::async, [&] { return Take(12 * kMiB); });
  pool_.Interrupt();
  EXPECT_TRUE(taken.get().status().IsCancelled());
  pool_.Free(batch, 12 * kMiB, 64);
}

}  // namespace
}  // namespace ampload::pipeline
