#include "base/backoff.h"

#include <gtest/gtest.h>

#include "matchers.h"

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

TEST(Patience, EndsWithTheFailureOnceItWentOnForTooLong) {
  const auto now = Patience::Clock::now();
  const Status failure = TransientError("nobody there");
  Patience patience({milliseconds(1), milliseconds(1)}, milliseconds(60'000));
  EXPECT_THAT(patience.AfterFailure(failure, now), IsOk());
  // The first failure counts, whatever is said of later ones.
  EXPECT_THAT(patience.AfterFailure(failure, now - std::chrono::hours(1)), IsOk());
  patience.Worked();
  EXPECT_THAT(patience.AfterFailure(Status::OK(), now - std::chrono::hours(1)), IsOk());
  EXPECT_THAT(patience.AfterFailure(failure, now),
              FailsWith(FailureKind::kTransient, "nobody there (tried for 60 s)"));
}

TEST(Patience, IsEndlessWhereNothingIsSaid) {
  Patience patience({milliseconds(1), milliseconds(1)}, std::nullopt);
  const auto long_ago = Patience::Clock::now() - std::chrono::hours(1000);
  EXPECT_THAT(patience.AfterFailure(TransientError("nobody there"), long_ago), IsOk());
}

TEST(Backoff, AStopRequestEndsTheWait) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(WaitFor(std::chrono::hours(1), stop.get_token()));
  EXPECT_TRUE(WaitFor(milliseconds(0), {}));
}

}  // namespace
}  // namespace ampload::base
