#include "base/backoff.h"

#include <gtest/gtest.h>

namespace ampload::base {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, GrowsToItsCeiling) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Backoff backoff({milliseconds(100), milliseconds(1000)}, seed);
    for (const int most : {100, 200, 400, 800, 1000, 1000, 1000}) {
      const auto wait = backoff.Next();
      EXPECT_GE(wait, milliseconds(most / 2));
      EXPECT_LE(wait, milliseconds(most));
    }
    backoff.Reset();
    EXPECT_LE(backoff.Next(), milliseconds(100));
  }
}

TEST(Backoff, IsNotTheSameForAll) {
  Backoff one({milliseconds(10'000), milliseconds(60'000)}, 1);
  Backoff other({milliseconds(10'000), milliseconds(60'000)}, 2);
  EXPECT_NE(one.Next(), other.Next());
}

TEST(Backoff, AStopRequestEndsTheWait) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(WaitFor(std::chrono::hours(1), stop.get_token()));
  EXPECT_TRUE(WaitFor(milliseconds(0), {}));
}

}  // namespace
}  // namespace ampload::base
