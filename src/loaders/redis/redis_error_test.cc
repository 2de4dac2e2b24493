#include "loaders/redis/redis_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload::redis {
namespace {

using testing::HasSubstr;
using testing::Not;

// The texts are those of Redis 7.0.15.
TEST(RedisError, SaysWhetherTryingAgainHelps) {
  for (const char* passing :
       {"LOADING Redis is loading the dataset in memory",
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "READONLY You can't write against a read only replica.",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "NOREPLICAS Not enough good replicas to write.", "TRYAGAIN Multiple keys request",
        "CLUSTERDOWN The cluster is down", "ERR max number of clients reached"}) {
    EXPECT_EQ(KindOf(FromReply(passing, "x")), FailureKind::kTransient) << passing;
  }
  for (const char* lasting :
       {"OOM command not allowed when used memory > 'maxmemory'.",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist",
        "NOPERM this user has no permissions to run the 'hset' command", "ERR syntax error",
        "EXECABORT Transaction discarded because of previous errors.", ""}) {
    EXPECT_EQ(KindOf(FromReply(lasting, "x")), FailureKind::kPermanent) << lasting;
  }
  for (const char* setting :
       {"NOAUTH Authentication required.", "WRONGPASS invalid username-password pair",
        "DENIED Redis is running in protected mode", "MOVED 3999 127.0.0.1:6381",
        "ASK 3999 127.0.0.1:6381", "CROSSSLOT Keys in request don't hash to the same slot"}) {
    EXPECT_EQ(KindOf(FromReply(setting, "x")), FailureKind::kConfiguration) << setting;
  }
  EXPECT_EQ(KindOf(FromReply("WRONGTYPE Operation against a key", "x")), FailureKind::kData);
}

TEST(RedisError, SaysWhatForThenWhatThenWhere) {
  const Status status = FromReply("WRONGTYPE Operation against a key holding the wrong kind",
                                  "cannot write a row: table=logs key=logs:7 row=7");
  EXPECT_EQ(status.message(),
            "redis: cannot write a row: the key is there already and holds another type: choose "
            "another name or pattern, or remove the key: table=logs key=logs:7 row=7 "
            "code=WRONGTYPE");
  EXPECT_EQ(StoreCodeOf(status), "WRONGTYPE");
  EXPECT_EQ(FromReply("ERR index out of range.", "cannot read: key=a: b").message(),
            "redis: cannot read: ERR index out of range: key=a: b");
  EXPECT_EQ(FromReply("ERR no", "cannot read").message(), "redis: cannot read: ERR no");
}

TEST(RedisError, KeepsTheRightThatIsMissing) {
  const Status status =
      FromReply("NOPERM this user has no permissions to run the 'hset' command", "cannot write");
  EXPECT_THAT(status.message(), HasSubstr("'hset'"));
  EXPECT_THAT(status.message(), HasSubstr("ACL SETUSER"));
}

TEST(RedisError, DoesNotShowWhatWasSent) {
  const Status status = FromReply(
      "ERR unknown command 'JSON.SET', with args beginning with: 'logs:7' '$' 'secret' ", "x");
  EXPECT_THAT(status.message(), HasSubstr("unknown command 'JSON.SET'"));
  EXPECT_THAT(status.message(), Not(HasSubstr("secret")));
  EXPECT_LT(FromReply("ERR " + std::string(10'000, 'x'), "y").message().size(), 400U);
  EXPECT_EQ(ShownError("ERR a\r\nb\x1b[31m"), "ERR a  b [31m");
}

TEST(RedisError, ItsCodeIsTheFirstWord) {
  EXPECT_EQ(CodeOf("WRONGTYPE Operation"), "WRONGTYPE");
  EXPECT_EQ(CodeOf("EXECABORT"), "EXECABORT");
  EXPECT_EQ(CodeOf(""), "");
}

}  // namespace
}  // namespace ampload::redis
