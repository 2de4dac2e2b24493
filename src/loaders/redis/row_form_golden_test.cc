// Golden commands, one of every form. redis-py 8.1 made them:
//   pack = lambda *words: b"".join(redis.Connection().pack_command(*words))
// JSON.SET among them: a server with RedisJSON is not needed for its bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/redis/rows_for_test.h"
#include "matchers.h"

namespace ampload::redis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::shared_ptr<arrow::RecordBatch> Numbers(const std::string& json = "[7]") {
  return Rows({{"num", arrow::uint64(), json}});
}

TEST(Commands, OfAHashHaveAFieldForEveryValueThatIsNotNull) {
  ASSERT_OK_AND_ASSIGN(
      const auto commands,
      Encode({.structure = Structure::kHash, .key_pattern = "{table}:{num}:{name}"},
             Rows({{"num", arrow::uint64(), "[7, 18446744073709551615]"},
                   {"name", arrow::utf8(), R"(["a", "b\r\nc"])"},
                   {"data", arrow::binary(), R"([null, "\u0000\u007f"])"}})));
  // pack("HSET", "logs:7:a", "num", 7, "name", "a"),
  // pack("HSET", "logs:18446744073709551615:b\r\nc", "num", 18446744073709551615,
  //      "name", "b\r\nc", "data", b"\x00\x7f")
  const std::string second =
      "*8\r\n$4\r\nHSET\r\n$30\r\nlogs:18446744073709551615:b\r\nc\r\n$3\r\nnum\r\n$20\r\n"
      "18446744073709551615\r\n$4\r\nname\r\n$4\r\nb\r\nc\r\n$4\r\ndata\r\n$2\r\n";
  EXPECT_THAT(RowsOf(*commands),
              ElementsAre("*6\r\n$4\r\nHSET\r\n$8\r\nlogs:7:a\r\n$3\r\nnum\r\n$1\r\n7\r\n$4\r\n"
                          "name\r\n$1\r\na\r\n",
                          second + std::string("\0\177\r\n", 4)));
  EXPECT_THAT(KeysOf(*commands), ElementsAre("logs:7:a", "logs:18446744073709551615:b\r\nc"));
  EXPECT_THAT(commands->field_counts, ElementsAre(2, 3));
  EXPECT_FALSE(commands->numbered);
  EXPECT_EQ(commands->commands_per_row, 1);
}

TEST(Commands, HaveBinariesAsHexWhereThatWasAskedFor) {
  ASSERT_OK_AND_ASSIGN(const auto commands,
                       Encode({.key_pattern = "{table}:{data}", .binary = encode::BinaryText::kHex},
                              Rows({{"num", arrow::uint64(), "[7, 8]"},
                                    {"data", arrow::binary(), R"(["ab", ""])"}})));
  // pack("HSET", "logs:0x6162", "num", 7, "data", "0x6162"),
  // pack("HSET", "logs:0x", "num", 8, "data", "0x")
  EXPECT_THAT(RowsOf(*commands),
              ElementsAre("*6\r\n$4\r\nHSET\r\n$11\r\nlogs:0x6162\r\n$3\r\nnum\r\n$1\r\n7\r\n$4\r\n"
                          "data\r\n$6\r\n0x6162\r\n",
                          "*6\r\n$4\r\nHSET\r\n$7\r\nlogs:0x\r\n$3\r\nnum\r\n$1\r\n8\r\n$4\r\n"
                          "data\r\n$2\r\n0x\r\n"));
}

TEST(Commands, OfAHashThatExpiresAreTwo) {
  ASSERT_OK_AND_ASSIGN(const auto commands,
                       Encode({.key_pattern = "{table}:{num}", .ttl_ms = 60000}, Numbers()));
  // pack("HSET", "logs:7", "num", 7) + pack("PEXPIRE", "logs:7", 60000)
  EXPECT_THAT(RowsOf(*commands),
              ElementsAre("*4\r\n$4\r\nHSET\r\n$6\r\nlogs:7\r\n$3\r\nnum\r\n$1\r\n7\r\n"
                          "*3\r\n$7\r\nPEXPIRE\r\n$6\r\nlogs:7\r\n$5\r\n60000\r\n"));
  EXPECT_EQ(commands->commands_per_row, 2);
}

TEST(Commands, OfStringsSetTheWholeRow) {
  ASSERT_OK_AND_ASSIGN(
      const auto json,
      Encode({.structure = Structure::kString, .key_pattern = "{table}:{num}", .ttl_ms = 1500},
             Numbers("[7, 10]")));
  // pack("SET", "logs:7", '{"num":7}', "PX", 1500, "NX") and the same with 10
  EXPECT_THAT(
      RowsOf(*json),
      ElementsAre("*6\r\n$3\r\nSET\r\n$6\r\nlogs:7\r\n$9\r\n{\"num\":7}\r\n$2\r\nPX\r\n$4\r\n1500"
                  "\r\n$2\r\nNX\r\n",
                  "*6\r\n$3\r\nSET\r\n$7\r\nlogs:10\r\n$10\r\n{\"num\":10}\r\n$2\r\nPX\r\n$4\r\n"
                  "1500\r\n$2\r\nNX\r\n"));
  EXPECT_THAT(KeysOf(*json), ElementsAre("logs:7", "logs:10"));
  EXPECT_EQ(json->commands_per_row, 1);
  ASSERT_OK_AND_ASSIGN(const auto msgpack, Encode({.structure = Structure::kString,
                                                   .key_pattern = "{table}:{num}",
                                                   .format = encode::ValueFormat::kMsgpack,
                                                   .replaces = true},
                                                  Numbers()));
  // pack("SET", "logs:7", msgpack.packb({"num": 7}))
  EXPECT_THAT(RowsOf(*msgpack),
              ElementsAre("*3\r\n$3\r\nSET\r\n$6\r\nlogs:7\r\n$6\r\n\201\243num\007\r\n"));
}

TEST(Commands, OfDocumentsAreRedisJsons) {
  ASSERT_OK_AND_ASSIGN(
      const auto commands,
      Encode({.structure = Structure::kJson, .key_pattern = "{table}:{num}", .ttl_ms = 60000},
             Numbers()));
  // pack("JSON.SET", "logs:7", "$", '{"num":7}', "NX") + pack("PEXPIRE", "logs:7", 60000)
  EXPECT_THAT(RowsOf(*commands),
              ElementsAre("*5\r\n$8\r\nJSON.SET\r\n$6\r\nlogs:7\r\n$1\r\n$\r\n$9\r\n{\"num\":7}\r\n"
                          "$2\r\nNX\r\n*3\r\n$7\r\nPEXPIRE\r\n$6\r\nlogs:7\r\n$5\r\n60000\r\n"));
  EXPECT_EQ(commands->commands_per_row, 2);
  ASSERT_OK_AND_ASSIGN(
      const auto replacing,
      Encode({.structure = Structure::kJson, .key_pattern = "{table}:{num}", .replaces = true},
             Numbers()));
  // pack("JSON.SET", "logs:7", "$", '{"num":7}')
  EXPECT_THAT(
      RowsOf(*replacing),
      ElementsAre("*4\r\n$8\r\nJSON.SET\r\n$6\r\nlogs:7\r\n$1\r\n$\r\n$9\r\n{\"num\":7}\r\n"));
}

TEST(Commands, OfAStreamGetTheirIdsAtTheEnd) {
  ASSERT_OK_AND_ASSIGN(
      const auto commands,
      Encode({.structure = Structure::kStream},
             Rows({{"num", arrow::uint64(), "[7, 8]"}, {"name", arrow::utf8(), R"([null, ""])"}})));
  EXPECT_TRUE(commands->numbered);
  EXPECT_THAT(KeysOf(*commands), IsEmpty());
  ASSERT_THAT(RowEncoder::Number("41-", 9, commands.get()), IsOk());
  // pack("XADD", "logs", "41-9", "num", 7), pack("XADD", "logs", "41-10", "num", 8, "name", "")
  EXPECT_THAT(
      RowsOf(*commands),
      ElementsAre("*5\r\n$4\r\nXADD\r\n$4\r\nlogs\r\n$4\r\n41-9\r\n$3\r\nnum\r\n$1\r\n7\r\n",
                  "*7\r\n$4\r\nXADD\r\n$4\r\nlogs\r\n$5\r\n41-10\r\n$3\r\nnum\r\n$1\r\n8\r\n$4\r\n"
                  "name\r\n$0\r\n\r\n"));
  EXPECT_THAT(KeysOf(*commands), ElementsAre("41-9", "41-10"));
  EXPECT_FALSE(commands->numbered);
}

TEST(Commands, OfRowsWithoutAKeyGetTheirNumbersAtTheEnd) {
  ASSERT_OK_AND_ASSIGN(
      const auto hashes,
      Encode({.ttl_ms = 60000}, Rows({{"num", arrow::uint64(), "[7, 8]"},
                                      {"name", arrow::utf8(), R"([null, "x"])"}})));
  EXPECT_TRUE(hashes->numbered);
  ASSERT_THAT(RowEncoder::Number("logs:", 99, hashes.get()), IsOk());
  // pack("HSET", "logs:99", "num", 7) + pack("PEXPIRE", "logs:99", 60000),
  // pack("HSET", "logs:100", "num", 8, "name", "x") + pack("PEXPIRE", "logs:100", 60000)
  EXPECT_THAT(RowsOf(*hashes),
              ElementsAre("*4\r\n$4\r\nHSET\r\n$7\r\nlogs:99\r\n$3\r\nnum\r\n$1\r\n7\r\n"
                          "*3\r\n$7\r\nPEXPIRE\r\n$7\r\nlogs:99\r\n$5\r\n60000\r\n",
                          "*6\r\n$4\r\nHSET\r\n$8\r\nlogs:100\r\n$3\r\nnum\r\n$1\r\n8\r\n$4\r\n"
                          "name\r\n$1\r\nx\r\n"
                          "*3\r\n$7\r\nPEXPIRE\r\n$8\r\nlogs:100\r\n$5\r\n60000\r\n"));
  ASSERT_OK_AND_ASSIGN(const auto strings, Encode({.structure = Structure::kString}, Numbers()));
  ASSERT_THAT(RowEncoder::Number("logs:5-", 0, strings.get()), IsOk());
  // pack("SET", "logs:5-0", '{"num":7}', "NX")
  EXPECT_THAT(
      RowsOf(*strings),
      ElementsAre("*4\r\n$3\r\nSET\r\n$8\r\nlogs:5-0\r\n$9\r\n{\"num\":7}\r\n$2\r\nNX\r\n"));
}

TEST(Commands, OfOneKeyAddAMember) {
  ASSERT_OK_AND_ASSIGN(const auto set, Encode({.structure = Structure::kSet}, Numbers("[7, 8]")));
  // pack("SADD", "logs", '{"num":7}'), pack("SADD", "logs", '{"num":8}')
  EXPECT_THAT(RowsOf(*set), ElementsAre("*3\r\n$4\r\nSADD\r\n$4\r\nlogs\r\n$9\r\n{\"num\":7}\r\n",
                                        "*3\r\n$4\r\nSADD\r\n$4\r\nlogs\r\n$9\r\n{\"num\":8}\r\n"));
  EXPECT_THAT(KeysOf(*set), ElementsAre("{\"num\":7}", "{\"num\":8}"));
  ASSERT_OK_AND_ASSIGN(const auto list, Encode({.structure = Structure::kList}, Numbers()));
  // pack("RPUSH", "logs", '{"num":7}')
  EXPECT_THAT(RowsOf(*list),
              ElementsAre("*3\r\n$5\r\nRPUSH\r\n$4\r\nlogs\r\n$9\r\n{\"num\":7}\r\n"));
  EXPECT_THAT(KeysOf(*list), IsEmpty());
  EXPECT_FALSE(list->numbered);
}

TEST(Commands, OfASortedSetHaveTheScoreInFront) {
  ASSERT_OK_AND_ASSIGN(const auto commands,
                       Encode({.structure = Structure::kSortedSet, .score = "num"},
                              Rows({{"num", arrow::float64(), "[-1.5, 3]"}})));
  // pack("ZADD", "logs", "NX", "-1.5", '{"num":-1.5}'), pack("ZADD", "logs", "NX", "3",
  // '{"num":3}')
  EXPECT_THAT(
      RowsOf(*commands),
      ElementsAre(
          "*5\r\n$4\r\nZADD\r\n$4\r\nlogs\r\n$2\r\nNX\r\n$4\r\n-1.5\r\n$12\r\n{\"num\":-1.5}\r\n",
          "*5\r\n$4\r\nZADD\r\n$4\r\nlogs\r\n$2\r\nNX\r\n$1\r\n3\r\n$9\r\n{\"num\":3}\r\n"));
  EXPECT_THAT(KeysOf(*commands), ElementsAre("{\"num\":-1.5}", "{\"num\":3}"));
  ASSERT_OK_AND_ASSIGN(
      const auto replacing,
      Encode({.structure = Structure::kSortedSet, .score = "num", .replaces = true}, Numbers()));
  // pack("ZADD", "logs", "7", '{"num":7}')
  EXPECT_THAT(RowsOf(*replacing),
              ElementsAre("*4\r\n$4\r\nZADD\r\n$4\r\nlogs\r\n$1\r\n7\r\n$9\r\n{\"num\":7}\r\n"));
}

TEST(Commands, OfAnOverwriteGoUnderItsOwnPrefix) {
  ASSERT_OK_AND_ASSIGN(const auto hash,
                       Encode({.key_pattern = "{num}", .key_prefix = "new:"}, Numbers()));
  // pack("HSET", "new:7", "num", 7)
  EXPECT_THAT(RowsOf(*hash),
              ElementsAre("*4\r\n$4\r\nHSET\r\n$5\r\nnew:7\r\n$3\r\nnum\r\n$1\r\n7\r\n"));
  EXPECT_THAT(KeysOf(*hash), ElementsAre("new:7"));
  ASSERT_OK_AND_ASSIGN(const auto list,
                       Encode({.structure = Structure::kList, .key_prefix = "new:"}, Numbers()));
  // pack("RPUSH", "new:logs", '{"num":7}')
  EXPECT_THAT(RowsOf(*list),
              ElementsAre("*3\r\n$5\r\nRPUSH\r\n$8\r\nnew:logs\r\n$9\r\n{\"num\":7}\r\n"));
}

}  // namespace
}  // namespace ampload::redis
