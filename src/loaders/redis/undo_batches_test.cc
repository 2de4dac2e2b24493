#include "loaders/redis/undo_batches.h"

#include <gtest/gtest.h>

namespace ampload::redis {
namespace {

BatchIdSet Ids(std::initializer_list<int64_t> ids) {
  BatchIdSet set;
  for (const auto id : ids) set.insert(BatchId(id));
  return set;
}

TEST(FinalBatches, AreThoseThatNobodyWillTakeBack) {
  EXPECT_EQ(FinalBatches({1, 2, 3, 4}, Ids({3, 4}), false), (std::set<int64_t>{1, 2}));
  EXPECT_EQ(FinalBatches({1, 2, 3, 4}, Ids({1, 4}), false), (std::set<int64_t>{2, 3}));
  EXPECT_EQ(FinalBatches({}, Ids({1}), false), std::set<int64_t>());
}

TEST(FinalBatches, StayAboveOneThatMayBeTakenBackWhereRowsWereReplaced) {
  EXPECT_EQ(FinalBatches({1, 2, 3, 4}, Ids({3}), true), (std::set<int64_t>{1, 2}));
  EXPECT_EQ(FinalBatches({1, 2, 3, 4}, Ids({1}), true), std::set<int64_t>());
  EXPECT_EQ(FinalBatches({1, 2}, Ids({}), true), (std::set<int64_t>{1, 2}));
}

}  // namespace
}  // namespace ampload::redis
