#include "ampload/load_mode.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

TEST(LoadMode, IsReadBackFromItsName) {
  for (const LoadMode mode :
       {LoadMode::kAppend, LoadMode::kOverwrite, LoadMode::kUpsert, LoadMode::kMerge}) {
    ASSERT_OK_AND_ASSIGN(const LoadMode read, ParseLoadMode(ToString(mode)));
    EXPECT_EQ(read, mode);
  }
}

TEST(LoadMode, RefusesAnotherNameAndNamesTheFourAndTheNearest) {
  EXPECT_THAT(ParseLoadMode("appned"),
              FailsWith(FailureKind::kConfiguration,
                        "one of append, overwrite, upsert, merge: did you mean append?"));
  EXPECT_THAT(ParseLoadMode("APPEND"), FailsWith(FailureKind::kConfiguration, "value=APPEND"));
  EXPECT_THAT(ParseLoadMode(""), FailsWith(FailureKind::kConfiguration, "unknown mode"));
}

TEST(LoadModes, HoldWhatTheyWereGivenInAFixedOrder) {
  const LoadModes modes = {LoadMode::kMerge, LoadMode::kAppend};
  EXPECT_TRUE(modes.contains(LoadMode::kAppend));
  EXPECT_FALSE(modes.contains(LoadMode::kOverwrite));
  EXPECT_EQ(modes.ToString(), "append, merge");
  EXPECT_EQ(modes.ToVector(), (std::vector{LoadMode::kAppend, LoadMode::kMerge}));
}

TEST(DuplicatePolicy, IsFailOrReplace) {
  ASSERT_OK_AND_ASSIGN(const DuplicatePolicy policy, ParseDuplicatePolicy("replace"));
  EXPECT_EQ(policy, DuplicatePolicy::kReplace);
  EXPECT_THAT(ParseDuplicatePolicy("ignore"),
              FailsWith(FailureKind::kConfiguration, "one of fail, replace: value=ignore"));
}

}  // namespace
}  // namespace ampload
