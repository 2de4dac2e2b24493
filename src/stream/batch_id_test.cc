#include "ampload/batch_id.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

TEST(BatchId, TakesTheClockWhenItIsAhead) {
  ASSERT_OK_AND_ASSIGN(const BatchId id, NextBatchId(std::nullopt, 1'700'000'000'000, 5));
  EXPECT_EQ(id.tick(), 1'700'000'000'000);
  EXPECT_EQ(id.slot(), 5);
}

TEST(BatchId, NeverGoesBackWithTheClock) {
  ASSERT_OK_AND_ASSIGN(const BatchId first, NextBatchId(std::nullopt, 1000, 1));
  ASSERT_OK_AND_ASSIGN(const BatchId second, NextBatchId(first, 10, 1));
  EXPECT_EQ(second.tick(), 1001);
  EXPECT_GT(second, first);
}

TEST(BatchId, RefusesASlotOutsideItsBits) {
  EXPECT_THAT(NextBatchId(std::nullopt, 0, 32768), FailsWith(FailureKind::kPermanent, "slot"));
  EXPECT_THAT(NextBatchId(std::nullopt, 0, -1), FailsWith(FailureKind::kPermanent, "slot"));
}

TEST(BatchId, RefusesToWrapRound) {
  const BatchId last(INT64_MAX);
  EXPECT_THAT(NextBatchId(last, 0, 0), FailsWith(FailureKind::kPermanent, "63 bits"));
}

}  // namespace
}  // namespace ampload
