#include "conformance/amp/server/flight_sql.h"

#include <gtest/gtest.h>

#include <string>

#include "matchers.h"

namespace ampload::conformance {
namespace {

using namespace std::string_literals;

// python: pyarrow has no Flight SQL messages; made by hand from the .proto, as protoc's encoder
// would: field 1 (0a) the type's URL of 67 bytes, field 2 (12) the inner message.
const std::string kType =
    "\x0a\x43"s + "type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery";

TEST(FlightSql, FindsTheQueryInItsTwoMessages) {
  ASSERT_OK_AND_ASSIGN(const auto query, DecodeStatementQuery(kType + "\x12\x0a\x0a\x08SELECT 1"s));
  EXPECT_EQ(query, "SELECT 1");
  // A transaction id beside it is passed over; a length of two bytes is read.
  const std::string long_query(200, 'x');
  ASSERT_OK_AND_ASSIGN(const auto other, DecodeStatementQuery(kType + "\x12\xcf\x01\x0a\xc8\x01"s +
                                                              long_query + "\x12\x02id"s));
  EXPECT_EQ(other, long_query);
}

TEST(FlightSql, RefusesWhatIsNoStatementQuery) {
  for (const std::string& command :
       {""s, "SELECT 1"s, kType, kType + "\x12\x7f\x0a\x08SELECT 1"s, kType + "\x12\x00"s,
        "\x0a\x03xyz\x12\x0a\x0a\x08SELECT 1"s, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s}) {
    EXPECT_THAT(DecodeStatementQuery(command), FailsWith(FailureKind::kConfiguration, "server: "));
  }
}

TEST(FlightSql, SeesThatAQueryAsksForAStream) {
  EXPECT_TRUE(AsksForStream("SELECT * FROM logs SETTINGS stream = true"));
  EXPECT_TRUE(AsksForStream("select * from logs settings\n stream=TRUE;"));
  EXPECT_FALSE(AsksForStream("SELECT * FROM logs"));
  EXPECT_FALSE(AsksForStream("SELECT * FROM logs SETTINGS stream = false"));
  EXPECT_FALSE(AsksForStream("SELECT * FROM mysettings WHERE stream = true"));
}

}  // namespace
}  // namespace ampload::conformance
