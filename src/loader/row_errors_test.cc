#include <gtest/gtest.h>

#include "ampload/data_loader.h"
#include "matchers.h"

namespace ampload {
namespace {

RowErrors Collected(int count) {
  RowErrors errors;
  for (int i = 0; i < count; ++i) EXPECT_THAT(errors.Add(i, "bad"), IsOk());
  return errors;
}

TEST(RowErrors, AreCollectedUpToAHundred) {
  const RowErrors errors = Collected(100);
  EXPECT_EQ(errors.count(), 100);
  EXPECT_EQ(errors.messages().front(), "Row 0: bad");
  EXPECT_EQ(errors.messages().back(), "Row 99: bad");
}

TEST(RowErrors, StopTheLoadAtTheHundredAndFirst) {
  RowErrors errors = Collected(100);
  const Status status = errors.Add(100, "bad");
  EXPECT_EQ(KindOf(status), FailureKind::kData);
  EXPECT_EQ(status.message(), "Too many errors: 101");
}

TEST(RowErrors, AreNoFailureWhereARowWasLoaded) {
  EXPECT_THAT(Collected(7).Finish(1), IsOk());
  EXPECT_THAT(Collected(0).Finish(0), IsOk());
}

TEST(RowErrors, FailALoadWithoutARowAndShowTheFirstFive) {
  EXPECT_EQ(Collected(1).Finish(0).message(), "Failed to load any rows. Errors: Row 0: bad");
  EXPECT_EQ(Collected(5).Finish(0).message(),
            "Failed to load any rows. Errors: Row 0: bad; Row 1: bad; Row 2: bad; Row 3: bad; "
            "Row 4: bad");
  EXPECT_EQ(Collected(7).Finish(0).message(),
            "Failed to load any rows. Errors: Row 0: bad; Row 1: bad; Row 2: bad; Row 3: bad; "
            "Row 4: bad; ... and 2 more errors");
}

}  // namespace
}  // namespace ampload
