#include "loaders/redis/command_buffer.h"

#include <gtest/gtest.h>

namespace ampload::redis {
namespace {

// python3 -c "from redis.connection import PythonRespSerializer as P; from redis._parsers import
// Encoder; p = P(6000, Encoder('utf-8', 'strict', False).encode); print(p.pack('HSET', 'logs:7',
// 'a', '', 'b', b'\x00\r\n'))"
constexpr char kHset[] =
    "*6\r\n$4\r\nHSET\r\n$6\r\nlogs:7\r\n$1\r\na\r\n$0\r\n\r\n$1\r\nb\r\n$3\r\n\0\r\n\r\n";

TEST(CommandBuffer, WritesWhatRedisPyWrites) {
  const std::string_view golden(kHset, sizeof kHset - 1);
  const std::string_view odd("\0\r\n", 3);
  CommandBuffer commands;
  EXPECT_TRUE(commands.empty());
  commands.Add({"HSET", "logs:7", "a", "", "b", odd});
  EXPECT_EQ(commands.bytes(), golden);
  EXPECT_EQ(commands.count(), 1);

  commands.Begin(6);
  for (const auto word :
       {std::string_view("HSET"), std::string_view("logs:7"), std::string_view("a"),
        std::string_view(""), std::string_view("b"), odd}) {
    commands.Word(word);
  }
  EXPECT_EQ(commands.bytes(), std::string(golden) + std::string(golden));
  EXPECT_EQ(commands.count(), 2);
  commands.Clear();
  EXPECT_TRUE(commands.empty());
  EXPECT_EQ(commands.bytes(), "");
}

}  // namespace
}  // namespace ampload::redis
