#include "loaders/redis/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stop_token>

#include "loaders/redis/fake_server_for_test.h"
#include "matchers.h"

namespace ampload::redis {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto kWrong = FailureKind::kConfiguration;
constexpr auto kPassing = FailureKind::kTransient;

class Noting final : public ReplyHandler {
 public:
  void OnReply(int64_t index, Reply reply) override {
    EXPECT_EQ(index, static_cast<int64_t>(replies.size()));
    replies.push_back(std::move(reply));
  }
  std::vector<Reply> replies;
};

CommandBuffer Gets(int count, const std::string& key = "k") {
  CommandBuffer commands;
  for (int i = 0; i < count; ++i) commands.Add({"GET", key});
  return commands;
}

TEST(Connection, AsksTheServerWhatItIs) {
  FakeServer server([](Peer& peer) {
    EXPECT_EQ(peer.Command(), "CLIENT SETNAME ampload");
    EXPECT_EQ(peer.Command(), "CLIENT ID");
    EXPECT_EQ(peer.Command(), "INFO");
    EXPECT_EQ(peer.Command(), "CONFIG GET save");
    peer.Write(Welcome());
    peer.Drain();
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  EXPECT_TRUE(connection->is_alive());
  EXPECT_EQ(connection->outstanding(), 0);
  EXPECT_FALSE(connection->encrypted());
  EXPECT_THAT(connection->where(), HasSubstr("127.0.0.1:"));
  const auto& facts = connection->server();
  EXPECT_EQ(facts.version, "7.0.15");
  EXPECT_EQ(facts.major, 7);
  EXPECT_EQ(facts.minor, 0);
  EXPECT_EQ(facts.run_id, "abc");
  EXPECT_FALSE(facts.cluster);
  EXPECT_FALSE(facts.replica);
  EXPECT_FALSE(facts.may_evict());
  EXPECT_EQ(facts.maxmemory, 1048576);
  EXPECT_TRUE(facts.aof);
  EXPECT_EQ(facts.snapshots, true);
  EXPECT_EQ(connection->handle().run_id, "abc");
  EXPECT_EQ(connection->handle().client_id, 7);
  EXPECT_THAT(connection->handle().holder, HasSubstr("process " + std::to_string(getpid())));
}

TEST(Connection, SaysWhoItIsBeforeAllElse) {
  FakeServer server([](Peer& peer) {
    EXPECT_EQ(peer.Command(), "AUTH me sesame");
    EXPECT_EQ(peer.Command(), "SELECT 3");
    peer.Write("+OK\r\n+OK\r\n");
    Greet(peer);
    peer.Drain();
  });
  const auto config = server.config({{"user", "me"}, {"password", "sesame"}, {"database", "3"}});
  EXPECT_THAT(Connection::Open(config, {}), IsOk());
}

// The answers to AUTH, SELECT, CLIENT SETNAME, CLIENT ID, INFO, CONFIG GET, and what becomes of
// them.
Status Opened(const std::string& answers, ConfigMap options = {}) {
  FakeServer server([&](Peer& peer) {
    peer.Command();
    peer.Write(answers);
    peer.Drain();
  });
  return Connection::Open(server.config(std::move(options)), {}).status();
}

TEST(Connection, RefusesServersThatItCannotUse) {
  EXPECT_THAT(Opened(Welcome(InfoText())), IsOk());
  const auto with = [](const std::string& was, const std::string& is) {
    std::string info = InfoText();
    info.replace(info.find(was), was.size(), is);
    return Opened(Welcome(info));
  };
  EXPECT_THAT(with("cluster_enabled:0", "cluster_enabled:1"), FailsWith(kWrong, "cluster"));
  EXPECT_THAT(with("redis_mode:standalone", "redis_mode:sentinel"), FailsWith(kWrong, "Sentinel"));
  EXPECT_THAT(with("redis_version:7.0.15", "redis_version:6.0.16"),
              FailsWith(kWrong, "Redis 6.2 or later"));
  EXPECT_THAT(with("redis_version:7.0.15", ""), FailsWith(kWrong, "is it a Redis?"));
  EXPECT_THAT(with("loading:0", "loading:1"), FailsWith(kPassing, "reading its data"));
}

TEST(Connection, NeverQuotesThePasswordThatIsRefused) {
  for (const char* answer :
       {"-WRONGPASS invalid username-password pair or user is disabled.\r\n",
        "-ERR AUTH <password> called without any password configured for the default user.\r\n",
        "-ERR unknown command `AUTH`, with args beginning with: `sesame`, \r\n",
        "-ERR sesame is wrong\r\n"}) {
    const Status status =
        Opened(answer + ("+OK\r\n" + Welcome()), {{"password", "sesame"}, {"database", "1"}});
    EXPECT_THAT(status, FailsWith(kWrong, "password")) << answer;
    EXPECT_THAT(status.message(), Not(HasSubstr("sesame")));
  }
}

TEST(Connection, SaysWhichSettingToLookAt) {
  const std::string denied = "-NOAUTH Authentication required.\r\n";
  EXPECT_THAT(Opened(denied + denied + denied + denied), FailsWith(kWrong, "REDIS_PASSWORD"));
  EXPECT_THAT(Opened("-ERR DB index is out of range\r\n" + Welcome(), {{"database", "99"}}),
              FailsWith(kWrong, "database=99"));
  EXPECT_THAT(Opened("+OK\r\n-NOPERM this user has no permissions to run the 'client|id' "
                     "command\r\n+OK\r\n+OK\r\n"),
              FailsWith(kWrong, "+client|id"));
  FakeServer server([](Peer& peer) {
    for (int i = 0; i < 4; ++i) peer.Command();
    peer.Write("-DENIED Redis is running in protected mode because ...\r\n");
  });
  EXPECT_THAT(Connection::Open(server.config(), {}), FailsWith(kWrong, "protected mode"));
}

TEST(Connection, DoesWithoutWhatAServerHides) {
  const std::string no = "-NOPERM this user has no permissions\r\n";
  FakeServer server([&](Peer& peer) {
    peer.Write(no + ":7\r\n" + Bulk(InfoText()) + no);
    peer.Drain();
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  EXPECT_EQ(connection->server().snapshots, std::nullopt);
}

TEST(Connection, AServerThatIsFullMayHaveRoomLater) {
  FakeServer server([](Peer& peer) { peer.Write("-ERR max number of clients reached\r\n"); });
  EXPECT_THAT(Connection::Open(server.config(), {}), FailsWith(kPassing, "max number of clients"));
}

TEST(Connection, TellsOtherProtocolsFromRedis) {
  EXPECT_THAT(Opened("HTTP/1.1 400 Bad Request\r\n\r\n"), FailsWith(kWrong, "another protocol"));
  EXPECT_THAT(Opened(std::string("\x15\x03\x01\x00\x02\x02\x46", 7)),
              FailsWith(kWrong, "rediss://"));
  FakeServer server([](Peer& peer) { peer.Command(); });
  EXPECT_THAT(Connection::Open(server.config(), {}), FailsWith(kPassing, "rediss://"));
}

TEST(Connection, AServerThatIsNotThereMayComeBack) {
  RedisConfig config;
  {
    FakeServer server([](Peer&) {});
    config = server.config();
  }
  EXPECT_THAT(Connection::Open(config, {}), FailsWith(kPassing, "is the server running there?"));
  config.socket = "/tmp/there/is/no/such.sock";
  EXPECT_THAT(Connection::Open(config, {}), FailsWith(kPassing, "server=/tmp/there"));
  config.socket = std::string(200, 'x');
  EXPECT_THAT(Connection::Open(config, {}), FailsWith(kWrong, "longer than 107 bytes"));
}

TEST(Connection, PutsRepliesTogetherHoweverTheyAreSplit) {
  const std::string answer =
      "+OK\r\n:-12\r\n$-1\r\n$5\r\na\r\nbc\r\n*-1\r\n"
      "*3\r\n$0\r\n\r\n*2\r\n:1\r\n-ERR no\r\n$-1\r\n-WRONGTYPE x\r\n";
  FakeServer server([&](Peer& peer) {
    Greet(peer);
    peer.Command();
    for (const char byte : answer) peer.Write({&byte, 1});
    peer.Drain();
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  ASSERT_OK_AND_ASSIGN(const auto replies, connection->AskAll(Gets(7), {}));
  ASSERT_EQ(replies.size(), 7U);
  EXPECT_EQ(replies[0].kind, Reply::Kind::kStatus);
  EXPECT_EQ(replies[0].text, "OK");
  EXPECT_EQ(replies[1].kind, Reply::Kind::kInteger);
  EXPECT_EQ(replies[1].integer, -12);
  EXPECT_TRUE(replies[2].is_nil());
  EXPECT_EQ(replies[3].kind, Reply::Kind::kText);
  EXPECT_EQ(replies[3].text, "a\r\nbc");
  EXPECT_TRUE(replies[4].is_nil());
  ASSERT_EQ(replies[5].elements.size(), 3U);
  EXPECT_EQ(replies[5].elements[0].text, "");
  ASSERT_EQ(replies[5].elements[1].elements.size(), 2U);
  EXPECT_EQ(replies[5].elements[1].elements[0].integer, 1);
  EXPECT_TRUE(replies[5].elements[1].elements[1].is_error());
  EXPECT_TRUE(replies[5].elements[2].is_nil());
  EXPECT_TRUE(replies[6].is_error());
  EXPECT_EQ(replies[6].text, "WRONGTYPE x");
}

// What Execute makes of these answers to MULTI, HSET and EXEC.
Result<bool> Executed(const std::string& answers) {
  FakeServer server([&](Peer& peer) {
    Greet(peer);
    for (int i = 0; i < 3; ++i) peer.Command();
    peer.Write(answers);
    peer.Drain();
  });
  ARROW_ASSIGN_OR_RAISE(const auto connection, Connection::Open(server.config(), {}));
  return connection->Execute(Gets(3), "cannot begin a load: table=t", {});
}

TEST(Execute, SaysWhetherAnythingWasDone) {
  ASSERT_OK_AND_ASSIGN(const bool done, Executed("+OK\r\n+QUEUED\r\n*1\r\n:1\r\n"));
  EXPECT_TRUE(done);
  ASSERT_OK_AND_ASSIGN(const bool changed, Executed("+OK\r\n+QUEUED\r\n*-1\r\n"));
  EXPECT_FALSE(changed);
}

TEST(Execute, FailsWithTheFirstError) {
  EXPECT_THAT(Executed("+OK\r\n-READONLY replica\r\n-EXECABORT discarded\r\n"),
              FailsWith(kPassing, "redis: cannot begin a load: "));
  EXPECT_THAT(Executed("+OK\r\n+QUEUED\r\n*2\r\n:1\r\n-ERR odd\r\n"),
              FailsWith(FailureKind::kPermanent, "redis: cannot begin a load: ERR odd: table=t"));
}

TEST(Connection, TakesLargeReplies) {
  const std::string large(20 << 20, 'x');
  FakeServer server([&](Peer& peer) {
    Greet(peer);
    peer.Command();
    peer.Write("*2\r\n" + Bulk(large) + Bulk("end"));
    peer.Drain();
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  ASSERT_OK_AND_ASSIGN(const auto reply, connection->Ask({"GET", "k"}, {}));
  ASSERT_EQ(reply.elements.size(), 2U);
  EXPECT_TRUE(reply.elements[0].text == large);
  EXPECT_EQ(reply.elements[1].text, "end");
}

// A server that answers each command at length before it reads the next one: neither side's
// buffers hold what is under way.
TEST(Connection, ReadsWhileItSends) {
  constexpr int kCount = 3000;
  const std::string key(10'000, 'k');
  const std::string answer = Bulk(std::string(10'000, 'v'));
  FakeServer server([&](Peer& peer) {
    Greet(peer);
    while (!peer.Command().empty()) peer.Write(answer);
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  const auto noted = std::make_shared<Noting>();
  ASSERT_OK_AND_ASSIGN(const int64_t ticket, connection->Send(Gets(kCount, key), noted, {}));
  ASSERT_THAT(connection->WaitFor(ticket, {}), IsOk());
  EXPECT_EQ(noted->replies.size(), static_cast<size_t>(kCount));
  EXPECT_EQ(connection->outstanding(), 0);
}

TEST(Connection, GivesEachSendItsOwnReplies) {
  FakeServer server([](Peer& peer) {
    Greet(peer);
    for (int i = 0; i < 6; ++i) {
      peer.Command();
      peer.Write(":" + std::to_string(i) + "\r\n");
    }
    peer.Drain();
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  const auto first = std::make_shared<Noting>();
  const auto third = std::make_shared<Noting>();
  ASSERT_OK_AND_ASSIGN(const int64_t ticket, connection->Send(Gets(2), first, {}));
  ASSERT_THAT(connection->Send(Gets(1), nullptr, {}), IsOk());  // nobody wants it
  ASSERT_THAT(connection->Send(Gets(2), third, {}), IsOk());
  ASSERT_THAT(connection->WaitFor(ticket, {}), IsOk());
  ASSERT_EQ(first->replies.size(), 2U);
  EXPECT_EQ(first.use_count(), 1);  // let go of
  ASSERT_OK_AND_ASSIGN(const auto reply, connection->Ask({"GET", "k"}, {}));
  EXPECT_EQ(reply.integer, 5);
  ASSERT_EQ(third->replies.size(), 2U);
  EXPECT_EQ(first->replies[1].integer, 1);
  EXPECT_EQ(third->replies[0].integer, 3);
  EXPECT_EQ(third->replies[1].integer, 4);
}

TEST(Connection, AnErrorReplyToAskNamesCommandAndKey) {
  FakeServer server([](Peer& peer) {
    Greet(peer);
    peer.Command();
    peer.Write("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
    peer.Command();
    peer.Write("-NOPERM this user has no permissions to run the 'client|kill' command\r\n");
    peer.Drain();
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  const auto typed = connection->Ask({"HGET", "logs:7", "secret"}, {});
  EXPECT_THAT(typed, FailsWith(FailureKind::kData, "HGET"));
  EXPECT_THAT(typed, FailsWith(FailureKind::kData, "key=logs:7"));
  EXPECT_THAT(typed.status().message(), Not(HasSubstr("secret")));
  EXPECT_EQ(StoreCodeOf(typed.status()), "WRONGTYPE");
  EXPECT_THAT(connection->Ask({"CLIENT", "KILL", "ID", "9"}, {}),
              FailsWith(FailureKind::kPermanent, "refuses CLIENT KILL"));
  EXPECT_TRUE(connection->is_alive());
}

TEST(Connection, FailsForGoodWhenTheServerEndsIt) {
  FakeServer server([](Peer& peer) {
    Greet(peer);
    peer.Command();
    peer.Write(":1\r\n$100\r\nhalf of it");
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  const auto noted = std::make_shared<Noting>();
  ASSERT_OK_AND_ASSIGN(const int64_t ticket, connection->Send(Gets(2), noted, {}));
  EXPECT_THAT(connection->WaitFor(ticket, {}), FailsWith(kPassing, "ended the connection"));
  EXPECT_FALSE(connection->is_alive());
  EXPECT_EQ(noted->replies.size(), 1U);
  EXPECT_EQ(noted.use_count(), 1);
  EXPECT_EQ(connection->outstanding(), 0);
  EXPECT_THAT(connection->Ask({"PING"}, {}), FailsWith(kPassing, "ended the connection"));
  EXPECT_THAT(connection->Send(Gets(1), nullptr, {}), FailsWith(kPassing, "ended the connection"));
}

TEST(Connection, HearsAServersLastWordsWhileItSends) {
  FakeServer server([](Peer& peer) {
    Greet(peer);
    peer.Command();
    peer.Write("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  const auto noted = std::make_shared<Noting>();
  const auto commands = Gets(1000, std::string(50'000, 'k'));
  auto sent = connection->Send(commands, noted, {}).status();
  if (sent.ok()) sent = connection->WaitForAll({});
  EXPECT_THAT(sent, FailsWith(kPassing, "OOM command not allowed"));
  ASSERT_EQ(noted->replies.size(), 1U);
}

TEST(Connection, GivesUpOnAServerThatSaysNothing) {
  FakeServer server([](Peer& peer) {
    Greet(peer);
    peer.Drain();
  });
  ASSERT_OK_AND_ASSIGN(const auto connection,
                       Connection::Open(server.config({{"reply_timeout", "30ms"}}), {}));
  EXPECT_THAT(connection->Ask({"PING"}, {}), FailsWith(kPassing, "option reply_timeout"));
  EXPECT_FALSE(connection->is_alive());
}

TEST(Connection, AStopEndsTheWaitAndNothingElse) {
  std::stop_source stop;
  std::promise<void> stopped;
  FakeServer server([&](Peer& peer) {
    Greet(peer);
    peer.Command();
    stop.request_stop();
    stopped.get_future().wait();
    peer.Write(":1\r\n:2\r\n");
    peer.Drain();
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  const auto noted = std::make_shared<Noting>();
  ASSERT_OK_AND_ASSIGN(const int64_t ticket, connection->Send(Gets(1), noted, {}));
  EXPECT_TRUE(connection->WaitFor(ticket, {stop.get_token()}).IsCancelled());
  EXPECT_TRUE(connection->is_alive());
  EXPECT_EQ(connection->outstanding(), 1);
  stopped.set_value();
  ASSERT_OK_AND_ASSIGN(const auto reply, connection->Ask({"PING"}, {}));
  EXPECT_EQ(reply.integer, 2);
  ASSERT_EQ(noted->replies.size(), 1U);
  EXPECT_EQ(noted->replies[0].integer, 1);
}

TEST(Connection, WhatAStopLeftUnsentGoesOutFirst) {
  constexpr int kCount = 400;
  std::stop_source stop;
  std::promise<void> stopped;
  FakeServer server([&](Peer& peer) {
    Greet(peer);
    EXPECT_THAT(peer.Command(), HasSubstr("GET kkk"));
    stop.request_stop();
    stopped.get_future().wait();
    for (int i = 1; i < kCount; ++i) EXPECT_EQ(peer.Command().size(), 100'004U);
    EXPECT_EQ(peer.Command(), "PING");
    for (int i = 0; i <= kCount; ++i) peer.Write(":" + std::to_string(i) + "\r\n");
    peer.Drain();
  });
  ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(server.config(), {}));
  const auto noted = std::make_shared<Noting>();
  {
    const auto commands = Gets(kCount, std::string(100'000, 'k'));
    EXPECT_TRUE(connection->Send(commands, noted, {stop.get_token()}).status().IsCancelled());
  }
  stopped.set_value();
  ASSERT_OK_AND_ASSIGN(const auto reply, connection->Ask({"PING"}, {}));
  EXPECT_EQ(reply.integer, kCount);
  EXPECT_EQ(noted->replies.size(), static_cast<size_t>(kCount));
}

TEST(Connection, ADeadlineEndsTheOpening) {
  FakeServer server([](Peer& peer) { peer.Drain(); });
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  EXPECT_TRUE(Connection::Open(server.config(), context).status().IsCancelled());
}

TEST(Connection, RefusesAReplyThatCannotBe) {
  for (const char* answer : {"*2147483647\r\n", "*99999999999\r\n", "$-7\r\n", ":x\r\n", "?\r\n"}) {
    FakeServer server([&](Peer& peer) {
      Greet(peer);
      peer.Command();
      peer.Write(answer);
      peer.Drain();
    });
    ASSERT_OK_AND_ASSIGN(const auto connection,
                         Connection::Open(server.config({{"reply_timeout", "100ms"}}), {}));
    EXPECT_THAT(connection->Ask({"GET", "k"}, {}), FailsWith(kPassing, "another protocol"))
        << answer;
  }
}

TEST(ClientHandle, ComesBackFromItsText) {
  const ClientHandle handle{"run", 12, "process 3 on host since then"};
  const auto back = ClientHandle::Parse(handle.ToText());
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->run_id, "run");
  EXPECT_EQ(back->client_id, 12);
  EXPECT_EQ(back->holder, handle.holder);
  for (const char* other : {"", "run", "run 12", "run x y", "run 1x y"}) {
    EXPECT_EQ(ClientHandle::Parse(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace ampload::redis
