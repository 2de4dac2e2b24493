// An Amp server that refuses, stalls, breaks off or lies.
#include <arrow/flight/types.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "source/amp/amp_client.h"
#include "source/amp/amp_fixture_for_test.h"
#include "source/amp/relay_for_test.h"

namespace ampload::source {
namespace {

using arrow::flight::FlightStatusCode;
using arrow::flight::MakeFlightError;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

class AmpFailure : public AmpTest {
 protected:
  // Next() of a stream, until a stop request that comes once the server stalls.
  Status StopInsideOfNext(Source& source) {
    std::stop_source stop;
    std::thread stopper([&] {
      EXPECT_TRUE(server_->WaitForStall());
      stop.request_stop();
    });
    const auto next = source.Next({.stop = stop.get_token()});
    stopper.join();
    return next.status();
  }
};

struct Code {
  Status failure;
  FailureKind kind;
  std::string text;
};

class AmpFailureKind : public AmpFailure, public testing::WithParamInterface<Code> {};

TEST_P(AmpFailureKind, FollowsTheCodeOfTheAnswer) {
  Script({});
  server_->info_failure = GetParam().failure;
  EXPECT_THAT(OpenStream(), FailsWith(GetParam().kind, GetParam().text));
}

TEST_P(AmpFailureKind, FollowsTheCodeAfterRows) {
  Script({{.batch = Numbers(0, 3)}, {.failure = GetParam().failure}});
  ASSERT_OK_AND_ASSIGN(const auto source, OpenAmpQuery(Options(), {}));
  EXPECT_THAT(source->Next({}), IsOk());
  EXPECT_THAT(source->Next({}), FailsWith(GetParam().kind, GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Codes, AmpFailureKind,
    testing::Values(
        Code{MakeFlightError(FlightStatusCode::Unavailable, "going down"), FailureKind::kTransient,
             "cannot be reached or is overloaded: server=amp://127.0.0.1:"},
        Code{MakeFlightError(FlightStatusCode::TimedOut, "slow"), FailureKind::kTransient,
             "did not answer in time"},
        Code{MakeFlightError(FlightStatusCode::Cancelled, "away"), FailureKind::kTransient,
             "the call was cancelled, by the server or"},
        Code{Status::UnknownError("what"), FailureKind::kTransient, "without a reason"},
        Code{MakeFlightError(FlightStatusCode::Unauthenticated, "who?"),
             FailureKind::kConfiguration,
             "the server wants a token: set --token or AMP_AUTH_TOKEN"},
        Code{MakeFlightError(FlightStatusCode::Unauthorized, "no"), FailureKind::kConfiguration,
             "--token or AMP_AUTH_TOKEN"},
        Code{Status::Invalid("no table nope in d"), FailureKind::kConfiguration,
             "the server refused the query: server=amp://127.0.0.1:"},
        Code{Status::KeyError("no dataset"), FailureKind::kConfiguration,
             "the server refused the query"},
        Code{Status::NotImplemented("sorry"), FailureKind::kPermanent, "is it an Amp server?"},
        Code{MakeFlightError(FlightStatusCode::Failed, "odd"), FailureKind::kTransient,
             "without a reason"},
        Code{Status::AlreadyExists("odd"), FailureKind::kPermanent, "the call failed"}));

TEST_F(AmpFailure, InsideTheServerMayPassOnceItHasAnsweredTheQuery) {
  Script({});
  const auto bug = MakeFlightError(FlightStatusCode::Internal, "bug");
  ASSERT_OK_AND_ASSIGN(const auto stream, MakeAmpStream(Options()));
  server_->info_failure = bug;
  EXPECT_THAT(stream->Open({}, {}), FailsWith(FailureKind::kPermanent, "is the query right?"));
  server_->info_failure = Status::OK();
  EXPECT_THAT(stream->Open({}, {}), IsOk());
  server_->info_failure = bug;
  EXPECT_THAT(stream->Open({}, {}), FailsWith(FailureKind::kTransient, "may pass by itself"));
}

TEST_F(AmpFailure, InsideTheServerAfterRowsMayPass) {
  Script(
      {{.batch = Numbers(0, 3)}, {.failure = MakeFlightError(FlightStatusCode::Internal, "bug")}});
  ASSERT_OK_AND_ASSIGN(const auto source, OpenAmpQuery(Options(), {}));
  EXPECT_THAT(source->Next({}), IsOk());
  EXPECT_THAT(source->Next({}), FailsWith(FailureKind::kTransient, "may pass by itself"));
}

TEST_F(AmpFailure, OfTheServerIsToldInItsWords) {
  Script({});
  server_->info_failure = Status::Invalid("no table nope in d");
  const auto source = OpenStream();
  EXPECT_THAT(MessageOf(source.status()), testing::EndsWith(" message=no table nope in d"));
}

TEST_F(AmpFailure, NeverShowsTheToken) {
  Script({});
  AmpOptions options = Options();
  options.token = "s3cret-t0ken";
  server_->info_failure = MakeFlightError(FlightStatusCode::Unauthenticated,
                                          "bad header: Bearer s3cret-t0ken or s3cret-t0ken");
  const auto source = OpenStream(options);
  ASSERT_THAT(source, FailsWith(FailureKind::kConfiguration, "the server refused the token"));
  EXPECT_THAT(source.status().ToString(), Not(HasSubstr("s3cret")));
  EXPECT_THAT(source.status().message(), HasSubstr("bad header: Bearer *** or ***"));
}

TEST_F(AmpFailure, ShowsNoEndlessAndNoUnprintableWords) {
  Script({});
  server_->info_failure = Status::Invalid("\x1b[2Jx\r\n" + std::string(5000, 'y'));
  const auto source = OpenStream();
  ASSERT_THAT(source, FailsWith(FailureKind::kConfiguration, "message=?[2Jx  yyy"));
  EXPECT_LT(source.status().message().size(), 2200);
}

TEST_F(AmpFailure, WhereNobodyListensIsTransient) {
  Script({});
  const AmpOptions options = Options();
  server_->Stop();
  EXPECT_THAT(OpenStream(options), FailsWith(FailureKind::kTransient, "cannot be reached"));
}

TEST_F(AmpFailure, WithoutAnAnswerToTheQueryIsTransient) {
  Script({});
  server_->info_stalls = true;
  AmpOptions options = Options();
  options.answer_timeout = milliseconds(50);
  EXPECT_THAT(OpenStream(options), FailsWith(FailureKind::kTransient, "did not answer in time"));
}

TEST_F(AmpFailure, OpenEndsWithAStopRequest) {
  Script({});
  server_->info_stalls = true;
  std::stop_source stop;
  std::thread stopper([&] {
    EXPECT_TRUE(server_->WaitForStall());
    stop.request_stop();
  });
  const auto source = OpenStream(Options(), {}, {.stop = stop.get_token()});
  stopper.join();
  EXPECT_TRUE(source.status().IsCancelled()) << source.status();
  EXPECT_THAT(source.status().message(), HasSubstr("interrupted"));
}

TEST_F(AmpFailure, OpenEndsAtItsDeadline) {
  Script({});
  server_->info_stalls = true;
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(50);
  const auto source = OpenStream(Options(), {}, {.stop = {}, .deadline = deadline});
  EXPECT_TRUE(source.status().IsCancelled()) << source.status();
}

TEST_F(AmpFailure, NextEndsWithAStopRequestAndTheCallWithIt) {
  Script({{.batch = Numbers(0, 1)}, {.stall = true}});
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream());
  EXPECT_THAT(source->Next({}), IsOk());
  const Status status = StopInsideOfNext(*source);
  EXPECT_TRUE(status.IsCancelled()) << status;
  EXPECT_TRUE(server_->WaitForCancel());
}

TEST_F(AmpFailure, NextEndsWithAStopRequestBeforeTheFirstMessage) {
  Script({});
  server_->answers["0"].stall_first = true;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream());
  const Status status = StopInsideOfNext(*source);
  EXPECT_TRUE(status.IsCancelled()) << status;
}

TEST_F(AmpFailure, NextEndsAtItsDeadline) {
  Script({{.batch = Numbers(0, 1)}, {.stall = true}});
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream());
  EXPECT_THAT(source->Next({}), IsOk());
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(50);
  const auto next = source->Next({.stop = {}, .deadline = deadline});
  EXPECT_TRUE(next.status().IsCancelled()) << next.status();
}

TEST_F(AmpFailure, ADestroyedConnectionCancelsTheCall) {
  Script({{.batch = Numbers(0, 1)}, {.stall = true}});
  {
    ASSERT_OK_AND_ASSIGN(const auto source, OpenStream());
    EXPECT_THAT(source->Next({}), IsOk());
    EXPECT_TRUE(server_->WaitForStall());
  }
  EXPECT_TRUE(server_->WaitForCancel());
}

TEST_F(AmpFailure, AServerThatDiesIsTransientForAStream) {
  Script({{.batch = Numbers(0, 1)}, {.stall = true}});
  RelayForTest relay(server_->port());
  AmpOptions options = Options();
  options.address.port = static_cast<uint16_t>(relay.port());
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream(options));
  EXPECT_THAT(source->Next({}), IsOk());
  EXPECT_TRUE(server_->WaitForStall());
  relay.Cut();
  EXPECT_THAT(source->Next({}), FailsWith(FailureKind::kTransient, "amp: "));
  ASSERT_OK_AND_ASSIGN(const auto after, source->Next({}));
  EXPECT_FALSE(after.has_value());
}

TEST_F(AmpFailure, AQueryThatBreaksOffFails) {
  Script({{.batch = Numbers(0, 1)}, {.stall = true}});
  RelayForTest relay(server_->port());
  AmpOptions options = Options();
  options.address.port = static_cast<uint16_t>(relay.port());
  ASSERT_OK_AND_ASSIGN(const auto source, OpenAmpQuery(options, {}));
  EXPECT_THAT(source->Next({}), IsOk());
  relay.Cut();
  EXPECT_THAT(source->Next({}), FailsWith(FailureKind::kTransient, "amp: "));
}

TEST_F(AmpFailure, ANetworkThatSwallowsEverythingIsFoundByPings) {
  Script({{.batch = Numbers(0, 1)}, {.stall = true}});
  RelayForTest relay(server_->port());
  AmpOptions options = Options();
  options.address.port = static_cast<uint16_t>(relay.port());
  options.ping_interval = milliseconds(200);
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream(options));
  EXPECT_THAT(source->Next({}), IsOk());
  EXPECT_TRUE(server_->WaitForStall());
  relay.Swallow();
  EXPECT_THAT(source->Next({}), FailsWith(FailureKind::kTransient, "amp: "));
}

TEST_F(AmpFailure, AMessageAboveTheLimitSaysToRaiseMemory) {
  Script({{.batch = Numbers(0, 10)}, {.batch = Numbers(0, 1 << 18)}, {.stall = true}});
  AmpOptions options = Options();
  options.max_message_bytes = 1 << 20;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream(options));
  EXPECT_THAT(source->Next({}), IsOk());
  EXPECT_THAT(source->Next({}),
              FailsWith(FailureKind::kPermanent, "raise --memory: server=amp://127.0.0.1:"));
}

TEST_F(AmpFailure, AMessageFarAboveTheLimitIsNotEvenTaken) {
  Script({{.batch = Numbers(0, 10)}, {.batch = Numbers(0, 1 << 21)}, {.stall = true}});
  AmpOptions options = Options();
  options.max_message_bytes = 1 << 20;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream(options));
  EXPECT_THAT(source->Next({}), IsOk());
  EXPECT_THAT(source->Next({}), FailsWith(FailureKind::kTransient, "its share of --memory"));
}

TEST_F(AmpFailure, APoolThatRefusesIsPermanent) {
  Script({{.batch = Numbers(0, 1 << 18)}, {.stall = true}});
  arrow::CappedMemoryPool pool(arrow::default_memory_pool(), 1 << 20);
  AmpOptions options = Options();
  options.pool = &pool;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream(options));
  EXPECT_THAT(source->Next({}), FailsWith(FailureKind::kPermanent, "amp: "));
}

TEST_F(AmpFailure, APoolThatRefusesWhatIsUnpackedIsPermanent) {
  Script({{.batch = Numbers(0, 1 << 18)}, {.stall = true}});
  server_->answers["0"].packed = true;
  arrow::CappedMemoryPool pool(arrow::default_memory_pool(), 1 << 20);
  AmpOptions options = Options();
  options.pool = &pool;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream(options));
  EXPECT_THAT(source->Next({}), FailsWith(FailureKind::kPermanent, "amp: "));
}

TEST_F(AmpFailure, ADamagedMessageIsToldAtOnce) {
  Script({{.batch = Numbers(0, 1)}, {.batch = Numbers(1, 1), .garbage = true}, {.stall = true}});
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream());
  EXPECT_THAT(source->Next({}), IsOk());
  EXPECT_THAT(source->Next({}), FailsWith(FailureKind::kData, "cannot be read"));
}

TEST_F(AmpFailure, WithoutAPlaceToGetRowsFromIsPermanent) {
  Script({});
  server_->tickets = {};
  EXPECT_THAT(OpenStream(), FailsWith(FailureKind::kPermanent, "endpoints=0"));
  EXPECT_THAT(OpenAmpQuery(Options(), {}), FailsWith(FailureKind::kPermanent, "endpoints=0"));
}

TEST_F(AmpFailure, AStreamInSeveralPartsIsRefused) {
  Script({});
  server_->tickets = {"0", "1"};
  EXPECT_THAT(OpenStream(), FailsWith(FailureKind::kPermanent, "endpoints=2"));
}

TEST_F(AmpFailure, MetadataThatCannotBeReadFailsAStreamAndNotAQuery) {
  Script({{.batch = Numbers(4, 1), .metadata = R"({"ranges":7})"}});
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream());
  EXPECT_THAT(source->Next({}),
              FailsWith(FailureKind::kData, "amp: message metadata: ranges: expected an array"));
  ASSERT_OK_AND_ASSIGN(const auto values, QueryNumbers());
  EXPECT_THAT(values, testing::ElementsAre(4));
}

TEST_F(AmpFailure, RowsOfOtherColumnsThanAnnouncedAreRefused) {
  Script({{.batch = Numbers(4, 1)}});
  server_->announced = arrow::schema({arrow::field("n", arrow::int32())});
  EXPECT_THAT(QueryNumbers(), FailsWith(FailureKind::kData, "announced=n:int32 sent=n:int64"));
  server_->announced = arrow::schema({});
  EXPECT_THAT(QueryNumbers(), FailsWith(FailureKind::kData, "announced=0 sent=1"));
}

TEST_F(AmpFailure, ANullWhereNoneWasAnnouncedIsRefused) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64(), true)});
  Script({{.batch = arrow::RecordBatch::Make(
               schema, 1, {arrow::MakeArrayOfNull(arrow::int64(), 1).ValueOrDie()})}},
         schema);
  server_->announced = NumberSchema();
  EXPECT_THAT(QueryNumbers(), FailsWith(FailureKind::kData, "announced to have none: column=n"));
}

TEST_F(AmpFailure, TwoColumnsOfOneNameAreRefused) {
  Script({}, arrow::schema({arrow::field("n", arrow::int64()), arrow::field("n", arrow::int64())}));
  EXPECT_THAT(OpenStream(),
              FailsWith(FailureKind::kConfiguration, "rename one with AS: server=amp://127"));
}

TEST_F(AmpFailure, RowsThatArrowDoesNotAllowAreRefused) {
  // Offsets that point behind the text.
  const auto offsets = arrow::Buffer::FromVector(std::vector<int32_t>{0, 1 << 20});
  const auto text = arrow::Buffer::FromString("abc");
  const auto schema = arrow::schema({arrow::field("s", arrow::utf8(), false)});
  const auto column = arrow::MakeArray(
      arrow::ArrayData::Make(arrow::utf8(), 1, {nullptr, offsets, text}, /*null_count=*/0));
  Script({{.batch = arrow::RecordBatch::Make(schema, 1, {column})}}, schema);
  ASSERT_OK_AND_ASSIGN(const auto source, OpenAmpQuery(Options(), {}));
  EXPECT_THAT(source->Next({}), FailsWith(FailureKind::kData, "cause=In column 0: "));
}

TEST_F(AmpFailure, WhatCanBeToldBeforehandIsAConfigurationError) {
  const auto made = [&](auto change) {
    AmpOptions options = Options();
    change(options);
    return MakeAmpStream(options);
  };
  EXPECT_THAT(made([](auto& o) { o.query = " ;\n"; }),
              FailsWith(FailureKind::kConfiguration, "the query is empty"));
  EXPECT_THAT(made([](auto& o) { o.query = "SELECT '\xff'"; }),
              FailsWith(FailureKind::kConfiguration, "UTF-8"));
  for (const std::string token : {"a b", "line\n", "\x01", "\xc3\xa9"}) {
    EXPECT_THAT(made([&](auto& o) { o.token = token; }),
                FailsWith(FailureKind::kConfiguration, "no header can carry"));
  }
  EXPECT_THAT(made([](auto& o) { o.tls_roots = "/x.pem"; }),
              FailsWith(FailureKind::kConfiguration, "amp+tls://"));
  EXPECT_THAT(made([](auto& o) {
                o.address.tls = true;
                o.tls_roots = "/nowhere/x.pem";
              }),
              FailsWith(FailureKind::kConfiguration, "path=/nowhere/x.pem reason=No such file"));
}

}  // namespace
}  // namespace ampload::source
