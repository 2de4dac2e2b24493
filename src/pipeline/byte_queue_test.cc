#include "pipeline/byte_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "matchers.h"

namespace ampload::pipeline {
namespace {

using ::testing::Eq;
using ::testing::Optional;

using Numbers = ByteQueue<int>;

// Returns as soon as it is so; the test program's time limit ends it otherwise.
template <class Condition>
void WaitFor(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

void WaitForAPusher(const Numbers& queue) {
  WaitFor([&] { return queue.Look().waiting_pushers > 0; });
}
void WaitForAPopper(const Numbers& queue) {
  WaitFor([&] { return queue.Look().waiting_poppers > 0; });
}

TEST(ByteQueue, GivesItemsInTheOrderOfTheirComing) {
  Numbers queue(100);
  for (int i = 0; i < 5; ++i) ASSERT_THAT(queue.Push(i, 10), IsOk());
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto item, queue.Pop());
    EXPECT_THAT(item, Optional(Eq(i)));
  }
  EXPECT_EQ(queue.Look().bytes, 0);
}

TEST(ByteQueue, EndsAfterItsLastItemWhenClosed) {
  Numbers queue(100);
  ASSERT_THAT(queue.Push(7, 10), IsOk());
  queue.Close(Status::OK());
  ASSERT_OK_AND_ASSIGN(const auto item, queue.Pop());
  EXPECT_THAT(item, Optional(Eq(7)));
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto end, queue.Pop());
    EXPECT_EQ(end, std::nullopt);
  }
}

TEST(ByteQueue, FillsExactlyToItsBound) {
  Numbers queue(100);
  ASSERT_THAT(queue.Push(1, 60), IsOk());
  ASSERT_THAT(queue.Push(2, 40), IsOk());
  EXPECT_EQ(queue.Look().bytes, 100);
  std::jthread pusher([&] { EXPECT_THAT(queue.Push(3, 1), IsOk()); });
  WaitForAPusher(queue);
  EXPECT_EQ(queue.Look().items, 2);
  ASSERT_THAT(queue.Pop(), IsOk());
  pusher.join();
  EXPECT_EQ(queue.Look().bytes, 41);
}

TEST(ByteQueue, LetsOneItemBeyondItsBoundPassAlone) {
  Numbers queue(100);
  ASSERT_THAT(queue.Push(1, 500), IsOk());
  std::jthread pusher([&] { EXPECT_THAT(queue.Push(2, 1), IsOk()); });
  WaitForAPusher(queue);
  EXPECT_EQ(queue.Look().items, 1);
  ASSERT_THAT(queue.Pop(), IsOk());
  pusher.join();

  std::jthread big([&] { EXPECT_THAT(queue.Push(3, 500), IsOk()); });
  WaitForAPusher(queue);
  ASSERT_THAT(queue.Pop(), IsOk());
  big.join();
  EXPECT_EQ(queue.Look().bytes, 500);
}

TEST(ByteQueue, WakesABlockedPusherOnlyWhenHalfIsFree) {
  Numbers queue(100);
  for (int i = 0; i < 10; ++i) ASSERT_THAT(queue.Push(i, 10), IsOk());
  std::jthread pusher([&] { EXPECT_THAT(queue.Push(10, 10), IsOk()); });
  WaitForAPusher(queue);
  for (int i = 0; i < 4; ++i) ASSERT_THAT(queue.Pop(), IsOk());
  // A spurious wake-up may let it in sooner; it must be in after the fifth.
  ASSERT_THAT(queue.Pop(), IsOk());
  pusher.join();
  EXPECT_EQ(queue.Look().bytes, 60);
}

TEST(ByteQueue, CloseEndsAWaitingPop) {
  Numbers queue(100);
  std::jthread popper([&] { EXPECT_THAT(queue.Pop(), FailsWith(FailureKind::kData, "bad row")); });
  WaitForAPopper(queue);
  queue.Close(DataError("bad row"));
}

TEST(ByteQueue, CloseEndsAWaitingPush) {
  Numbers queue(100);
  ASSERT_THAT(queue.Push(1, 100), IsOk());
  std::jthread pusher(
      [&] { EXPECT_THAT(queue.Push(2, 1), FailsWith(FailureKind::kData, "bad row")); });
  WaitForAPusher(queue);
  queue.Close(DataError("bad row"));
}

TEST(ByteQueue, OrderlyCloseEndsAWaitingPushWithoutTakingIt) {
  Numbers queue(100);
  ASSERT_THAT(queue.Push(1, 100), IsOk());
  std::jthread pusher([&] { EXPECT_TRUE(queue.Push(2, 1).IsCancelled()); });
  WaitForAPusher(queue);
  queue.Close(Status::OK());
  pusher.join();
  EXPECT_EQ(queue.Look().items, 1);
}

TEST(ByteQueue, AFailureWinsOverItemsAndOrderlyEnds) {
  ByteQueue<std::shared_ptr<int>> queue(100);
  auto item = std::make_shared<int>(1);
  ASSERT_THAT(queue.Push(item, 10), IsOk());
  queue.Close(Status::OK());
  queue.Close(DataError("first"));
  queue.Close(DataError("second"));
  queue.Close(Status::OK());
  EXPECT_EQ(item.use_count(), 1) << "a failed queue keeps nothing alive";
  EXPECT_EQ(queue.Look().bytes, 0);
  EXPECT_THAT(queue.Pop(), FailsWith(FailureKind::kData, "first"));
  EXPECT_THAT(queue.Push(item, 10), FailsWith(FailureKind::kData, "first"));
}

TEST(ByteQueue, AStopRequestEndsAWaitOnEachSide) {
  Numbers empty(100);
  Numbers full(100);
  ASSERT_THAT(full.Push(1, 100), IsOk());
  std::stop_source stop;
  std::jthread popper([&] { EXPECT_TRUE(empty.Pop(stop.get_token()).status().IsCancelled()); });
  std::jthread pusher([&] { EXPECT_TRUE(full.Push(2, 1, stop.get_token()).IsCancelled()); });
  WaitForAPopper(empty);
  WaitForAPusher(full);
  stop.request_stop();
  popper.join();
  pusher.join();
  EXPECT_EQ(full.Look().items, 1);
  EXPECT_EQ(full.Look().waiting_pushers, 0);
}

TEST(ByteQueue, AStopRequestDoesNotTakeWhatNeedsNoWait) {
  Numbers queue(100);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THAT(queue.Push(1, 1, stop.get_token()), IsOk());
  EXPECT_THAT(queue.Pop(stop.get_token()), IsOk());
}

TEST(ByteQueue, TellsWaitingFromReady) {
  Numbers queue(100);
  EXPECT_FALSE(queue.WaitUntilReady(Numbers::Clock::now()));
  ASSERT_THAT(queue.Push(1, 1), IsOk());
  EXPECT_TRUE(queue.WaitUntilReady(Numbers::Clock::time_point::min()));
  ASSERT_THAT(queue.Pop(), IsOk());
  std::jthread waiter(
      [&] { EXPECT_TRUE(queue.WaitUntilReady(Numbers::Clock::time_point::max())); });
  WaitForAPopper(queue);
  queue.Close(Status::OK());
}

using FromPusher = std::pair<int, int>;  // which pusher, its which item

// Pushes `items` from each of `threads` threads, with weights from 1 to 70, and pops in as many.
// What each popper got, in its order.
std::vector<std::vector<FromPusher>> MoveThrough(ByteQueue<FromPusher>& queue, int threads,
                                                 int items) {
  std::vector<std::vector<FromPusher>> got(static_cast<size_t>(threads));
  std::vector<std::jthread> poppers;
  std::vector<std::jthread> pushers;
  poppers.reserve(got.size());
  pushers.reserve(got.size());
  for (auto& mine : got) {
    poppers.emplace_back([&queue, &mine] {
      for (auto item = queue.Pop(); item.ok() && item->has_value(); item = queue.Pop()) {
        mine.push_back(**item);
      }
    });
  }
  for (int p = 0; p < threads; ++p) {
    pushers.emplace_back([&queue, items, p] {
      for (int i = 0; i < items; ++i) {
        ASSERT_THAT(queue.Push({p, i}, 1 + (i * 7 + p) % 70), IsOk());
      }
    });
  }
  pushers.clear();
  queue.Close(Status::OK());
  poppers.clear();
  return got;
}

TEST(ByteQueue, GivesEachItemOnceAmongManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kItems = 2000;
  ByteQueue<FromPusher> queue(50);
  std::vector<FromPusher> all;
  for (const auto& one : MoveThrough(queue, kThreads, kItems)) {
    std::array<int, kThreads> last_of_pusher;
    last_of_pusher.fill(-1);
    for (const auto& [pusher, i] : one) {
      EXPECT_GT(i, last_of_pusher[static_cast<size_t>(pusher)]) << "out of order";
      last_of_pusher[static_cast<size_t>(pusher)] = i;
    }
    all.insert(all.end(), one.begin(), one.end());
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), static_cast<size_t>(kThreads * kItems));
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

TEST(ByteQueue, HoldsItsBoundAmongManyThreads) {
  constexpr int64_t kBound = 50;
  ByteQueue<FromPusher> queue(kBound);
  std::atomic<bool> done = false;
  int64_t looks_over_bound = 0;
  std::jthread watcher([&] {
    while (!done) {
      const auto seen = queue.Look();
      if (seen.bytes > kBound && seen.items > 1) ++looks_over_bound;
      std::this_thread::yield();
    }
  });
  MoveThrough(queue, 4, 2000);
  done = true;
  watcher.join();
  EXPECT_EQ(looks_over_bound, 0);
  EXPECT_EQ(queue.Look().bytes, 0);
}

TEST(ByteQueue, AFailureFreesManyWaitingThreads) {
  for (int round = 0; round < 200; ++round) {
    Numbers queue(10);
    std::atomic<int> failed = 0;
    {
      std::vector<std::jthread> threads;
      threads.reserve(6);
      for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&] {
          while (queue.Push(1, 6).ok()) {
          }
          ++failed;
        });
        threads.emplace_back([&] {
          while (queue.Pop().ok()) {
          }
          ++failed;
        });
      }
      queue.Close(PermanentError("over"));
    }
    EXPECT_EQ(failed, 6);
  }
}

}  // namespace
}  // namespace ampload::pipeline
