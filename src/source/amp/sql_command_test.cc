#include "source/amp/sql_command.h"

#include <gtest/gtest.h>

#include <string>

#include "base/hex.h"

namespace ampload::source {
namespace {

// python3 -c 'import struct
// url = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"
// q = b"SELECT 1"; s = struct.pack("BB", 0x0a, len(q)) + q
// print((struct.pack("BB", 0x0a, len(url)) + url + struct.pack("BB", 0x12, len(s)) + s).hex())'
constexpr char kSelect1[] =
    "0a43747970652e676f6f676c65617069732e636f6d2f6172726f772e666c696768742e70726f746f636f6c2e73716c"
    "2e436f6d6d616e6453746174656d656e745175657279"
    "120a0a0853454c4543542031";

TEST(SqlCommand, OfAShortQueryIsTheseBytes) {
  EXPECT_EQ(base::ToHex(StatementQueryCommand("SELECT 1")), kSelect1);
}

// Lengths of two bytes: 300 = AC 02, 303 = AF 02.
TEST(SqlCommand, OfALongQueryHasLongerLengths) {
  const std::string query(300, 'q');
  const std::string command = StatementQueryCommand(query);
  EXPECT_EQ(base::ToHex(command.substr(69, 6)), "12af020aac02");
  EXPECT_EQ(command.substr(75), query);
}

}  // namespace
}  // namespace ampload::source
