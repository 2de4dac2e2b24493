#include "ampload/fault_point.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

namespace ampload {
namespace {

// What the environment asks for is read once a process: each case has a child of its own, whose
// exit status is the answer.
#define EXPECT_TRUE_IN_A_CHILD(expression) \
  EXPECT_EXIT(_exit((expression) ? 7 : 8), testing::ExitedWithCode(7), "")

TEST(FaultPoint, KillsAtTheNamedPassing) {
  EXPECT_EXIT(
      {
        setenv("AMPLOAD_FAULT", "a.point:2", 1);
        PassFaultPoint("a.point");
        PassFaultPoint("another.point");
        PassFaultPoint("another.point");
        PassFaultPoint("a.point");
        _exit(0);
      },
      testing::KilledBySignal(SIGKILL), "");
}

TEST(FaultPoint, AStarCountsAllPoints) {
  EXPECT_EXIT(
      {
        setenv("AMPLOAD_FAULT", "*:3", 1);
        PassFaultPoint("a.point");
        PassFaultPoint("another.point");
        if (ReplyIsLost("a.reply")) _exit(0);
        _exit(1);
      },
      testing::KilledBySignal(SIGKILL), "");
  EXPECT_TRUE_IN_A_CHILD((setenv("AMPLOAD_FAULT", "*:2:lose", 1), PassFaultPoint("a.point"),
                          !ReplyIsLost("a.reply")) &&
                         ReplyIsLost("another.reply"));
}

TEST(FaultPoint, PassesWhereNothingIsAskedFor) {
  EXPECT_TRUE_IN_A_CHILD((PassFaultPoint("a.point"), !ReplyIsLost("a.reply")));
}

TEST(FaultPoint, LosesTheNamedReplyOnly) {
  EXPECT_TRUE_IN_A_CHILD((setenv("AMPLOAD_FAULT", "a.reply:2:lose", 1), !ReplyIsLost("a.reply")) &&
                         ReplyIsLost("a.reply") && !ReplyIsLost("a.reply"));
}

TEST(FaultPoint, AReplyIsAPointToo) {
  EXPECT_EXIT(
      {
        setenv("AMPLOAD_FAULT", "a.reply:1", 1);
        _exit(ReplyIsLost("a.reply") ? 7 : 8);
      },
      testing::KilledBySignal(SIGKILL), "");
}

TEST(Safeguard, IsOffWhereItIsNamedWhole) {
  EXPECT_TRUE_IN_A_CHILD(
      (setenv("AMPLOAD_DISABLE", "fence,undo_log", 1), !SafeguardIsOn("fence")) &&
      !SafeguardIsOn("undo_log") && SafeguardIsOn("undo") && SafeguardIsOn("sequence_check"));
}

TEST(Safeguard, IsOnWhereNothingIsSaid) {
  EXPECT_TRUE_IN_A_CHILD((unsetenv("AMPLOAD_DISABLE"), SafeguardIsOn("fence")));
}

}  // namespace
}  // namespace ampload
