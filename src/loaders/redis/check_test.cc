#include "loaders/redis/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/redis/fake_server_for_test.h"
#include "matchers.h"

namespace ampload::redis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kWrong = FailureKind::kConfiguration;

ServerFacts Server() {
  ServerFacts server;
  server.version = "7.2.4";
  server.major = 7;
  server.minor = 2;
  server.maxmemory_policy = "noeviction";
  server.aof = true;
  server.snapshots = false;
  return server;
}

TEST(CheckForLoad, RefusesAStreamWhereRowsMayBeEvicted) {
  auto server = Server();
  TableSpec spec;
  spec.name = "logs";
  spec.streaming = true;
  EXPECT_THAT(CheckForLoad(server, {}, spec), IsOk());
  server.maxmemory_policy = "allkeys-lru";
  EXPECT_THAT(CheckForLoad(server, {}, spec), FailsWith(kWrong, "maxmemory-policy=allkeys-lru"));
  EXPECT_THAT(CheckForLoad(server, {}, spec), FailsWith(kWrong, "--allow eviction"));
  spec.allow = {"eviction"};
  EXPECT_THAT(CheckForLoad(server, {}, spec), IsOk());
  spec.allow.clear();
  spec.streaming = false;
  EXPECT_THAT(CheckForLoad(server, {}, spec), IsOk());
}

TEST(CheckForLoad, WaitsForAnAppendOnlyFileOnlyWhereThereIsOne) {
  RedisConfig config;
  config.wait_aof = true;
  auto server = Server();
  EXPECT_THAT(CheckForLoad(server, config, {}), IsOk());
  server.aof = false;
  EXPECT_THAT(CheckForLoad(server, config, {}), FailsWith(kWrong, "appendonly yes"));
  server = Server();
  server.minor = 0;
  EXPECT_THAT(CheckForLoad(server, config, {}), FailsWith(kWrong, "Redis 7.2"));
  server.major = 8;
  EXPECT_THAT(CheckForLoad(server, config, {}), IsOk());
}

TEST(Warnings, AreAboutRowsThatMayBeLost) {
  auto server = Server();
  EXPECT_THAT(WarningsOf(server), IsEmpty());
  server.aof = false;
  EXPECT_THAT(WarningsOf(server), ElementsAre(HasSubstr("saves nothing")));
  server.snapshots = std::nullopt;  // it does not say
  EXPECT_THAT(WarningsOf(server), IsEmpty());
  server.replica = true;
  EXPECT_THAT(WarningsOf(server), ElementsAre(HasSubstr("replica")));
}

// The answers that a server gives a load, and what the check makes of them.
CheckLine MayWrite(const std::string& restore, const std::string& unlink = ":0\r\n") {
  FakeServer server([&](Peer& peer) {
    Greet(peer);
    for (int i = 0; i < 12; ++i) peer.Command();
    peer.Write(unlink + ":0\r\n+OK\r\n$-1\r\n+OK\r\n+OK\r\n*0\r\n*2\r\n$1\r\n0\r\n*0\r\n" +
               "*2\r\n$1\r\n1\r\n$1\r\n2\r\n$0\r\n\r\n:0\r\n" + restore);
    EXPECT_EQ(peer.Command(), "COMMAND INFO JSON.SET");
    peer.Write("*1\r\n$-1\r\n");
    peer.Drain();
  });
  const auto connection = Connection::Open(server.config(), {});
  EXPECT_THAT(connection, IsOk());
  const auto lines = CheckServer(**connection, {}, {});
  EXPECT_THAT(lines, IsOk());
  if (!lines.ok()) return {};
  for (const auto& line : *lines) {
    if (line.what == "may write") return line;
  }
  return {};
}

// The texts are those of Redis 7.0.15.
TEST(CheckServer, SaysWhetherALoadMayWrite) {
  const std::string permitted = "-ERR DUMP payload version or checksum are wrong\r\n";
  EXPECT_TRUE(MayWrite(permitted).ok);
  const auto denied =
      MayWrite("-NOPERM this user has no permissions to run the 'restore' command\r\n");
  EXPECT_FALSE(denied.ok);
  EXPECT_THAT(denied.detail, HasSubstr("'restore'"));
  const auto replica =
      MayWrite(permitted, "-READONLY You can't write against a read only replica.\r\n");
  EXPECT_FALSE(replica.ok);
  EXPECT_THAT(replica.detail, HasSubstr("replica"));
}

}  // namespace
}  // namespace ampload::redis
