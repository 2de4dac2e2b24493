#include "loaders/redis/row_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/redis/fake_server_for_test.h"
#include "loaders/redis/rows_for_test.h"
#include "matchers.h"

namespace ampload::redis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Written {
  Status status;
  int64_t new_rows;
  std::vector<std::string> unnoted;
};

// One row beside another pipeline, by a server that answers EXEC like this.
Written WriteGuarded(const std::string& answer) {
  FakeServer server([&](Peer& peer) {
    Greet(peer);
    EXPECT_EQ(peer.Command(), "WATCH logs:1");
    peer.Write("+OK\r\n");
    EXPECT_EQ(peer.Command(), "EXISTS logs:1");
    peer.Write(":0\r\n");
    EXPECT_EQ(peer.Command(), "MULTI");
    EXPECT_THAT(peer.Command(), HasSubstr("RPUSH journal "));
    EXPECT_THAT(peer.Command(), HasSubstr("HSET logs:1 "));
    EXPECT_EQ(peer.Command(), "EXEC");
    peer.Write("+OK\r\n+QUEUED\r\n+QUEUED\r\n" + answer);
    peer.Drain();
  });
  const auto connection = Connection::Open(server.config(), {}).ValueOrDie();
  RowForm form;
  form.key_pattern = "logs:{id}";
  const std::shared_ptr<const EncodedCommands> rows =
      Encode(form, Rows({{"id", arrow::int64(), "[1]"}})).ValueOrDie();
  WriteTarget target;
  target.table = "logs";
  target.contended = true;
  RowWriter writer(*connection, target);
  Status status = writer.Write(rows, "journal", 0, {});
  return {std::move(status), writer.new_rows(), writer.unnoted()};
}

TEST(RowWriter, BesideOthersWritesNoteAndRowsInOneStep) {
  const auto written = WriteGuarded("*2\r\n:1\r\n:1\r\n");
  EXPECT_THAT(written.status, IsOk());
  EXPECT_EQ(written.new_rows, 1);
}

TEST(RowWriter, TakesARefusedStepForNoRows) {
  for (const std::string answer :
       {"-EXECABORT Transaction discarded because of: OOM command not allowed\r\n",
        "-NOREPLICAS Not enough good replicas to write.\r\n", "*0\r\n", "*1\r\n:1\r\n"}) {
    const auto written = WriteGuarded(answer);
    EXPECT_FALSE(written.status.ok()) << answer;
    EXPECT_EQ(written.new_rows, 0) << answer;
    EXPECT_THAT(written.unnoted, IsEmpty()) << answer;
  }
}

TEST(RowWriter, RemembersRowsWhoseNoteWasRefused) {
  const auto written = WriteGuarded("*2\r\n-OOM command not allowed\r\n:1\r\n");
  EXPECT_FALSE(written.status.ok());
  EXPECT_THAT(written.unnoted, ElementsAre("logs:1"));
}

}  // namespace
}  // namespace ampload::redis
