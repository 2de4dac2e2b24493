#include "source/amp/flight_failure.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload::source {
namespace {

const FlightPeer kPeer = {.name = "amp://h:1602", .token = ""};

// As Arrow 26 words gRPC's RESOURCE_EXHAUSTED, which its own server cannot be made to send.
TEST(FlightFailure, OfAnOverloadedServerIsTransient) {
  const auto failure = FlightFailure(
      Status::Invalid("gRPC returned resource exhausted error, with message: full"), kPeer);
  EXPECT_THAT(failure, FailsWith(FailureKind::kTransient, "message=full"));
  EXPECT_EQ(StoreCodeOf(failure), "ResourceExhausted");
}

TEST(FlightFailure, KeepsTheServersWordsAlone) {
  const auto failure = FlightFailure(
      Status::Invalid("Flight returned invalid argument error, with message: no table, with "
                      "message: x. gRPC client debug context: UNKNOWN:Error"),
      kPeer);
  EXPECT_EQ(MessageOf(failure),
            "amp: the server refused the query: server=amp://h:1602 message=no table, with "
            "message: x");
}

}  // namespace
}  // namespace ampload::source
