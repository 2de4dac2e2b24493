// Asked by Arrow's own Flight client.
#include "conformance/amp/server/amp_server.h"

#include <arrow/flight/client.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "conformance/amp/server/served_chain_for_test.h"
#include "matchers.h"

namespace ampload::conformance {
namespace {

namespace flight = arrow::flight;
using Json = nlohmann::json;
using Headers = std::vector<std::pair<std::string, std::string>>;

// CommandStatementQuery in an Any, for queries of less than 60 bytes.
std::string Command(const std::string& query) {
  const std::string type = "type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery";
  const auto field = [](char tag, const std::string& value) {
    return std::string(1, tag) + static_cast<char>(value.size()) + value;
  };
  return field('\x0a', type) + field('\x12', field('\x0a', query));
}

struct Connection {
  std::unique_ptr<flight::FlightStreamReader> reader;

  // The next message, which must be there.
  flight::FlightStreamChunk Next() {
    auto chunk = reader->Next();
    EXPECT_THAT(chunk, IsOk());
    return chunk.ok() ? *std::move(chunk) : flight::FlightStreamChunk{};
  }

  // The start and end of the next microbatch that is complete, and its rows.
  struct Microbatch {
    std::vector<uint64_t> numbers;
    int64_t rows = 0;
    friend bool operator==(const Microbatch&, const Microbatch&) = default;
  };
  Microbatch NextMicrobatch() {
    Microbatch microbatch;
    while (true) {
      const auto chunk = Next();
      if (!chunk.data || !chunk.app_metadata) return {};
      microbatch.rows += chunk.data->num_rows();
      const Json json = Json::parse(chunk.app_metadata->ToString());
      if (!json["ranges_complete"].get<bool>()) continue;
      for (const Json& range : json["ranges"]) {
        microbatch.numbers.push_back(range["numbers"]["start"]);
        microbatch.numbers.push_back(range["numbers"]["end"]);
      }
      return microbatch;
    }
  }
  std::vector<uint64_t> NextRange() { return NextMicrobatch().numbers; }
};

using Range = std::vector<uint64_t>;

class Server : public ServedChain {
 protected:
  void Start(AmpServerOptions options = {}, uint64_t blocks = 30,
             const MadeUpRowsOptions& rows = {}) {
    Serve(std::move(options), blocks, rows);
    Dial(flight::Location::ForGrpcTcp("127.0.0.1", server_->port()).ValueOrDie(), {});
  }
  void Dial(const flight::Location& location, const flight::FlightClientOptions& options) {
    client_ = flight::FlightClient::Connect(location, options).ValueOrDie();
  }

  Result<Connection> Ask(const Headers& headers, const std::string& query = "SELECT 1") {
    flight::FlightCallOptions options;
    options.headers = headers;
    ARROW_ASSIGN_OR_RAISE(
        const auto info,
        client_->GetFlightInfo(options, flight::FlightDescriptor::Command(Command(query))));
    flight::FlightCallOptions get;
    for (const auto& header : headers) {
      if (header.first == "authorization") get.headers.push_back(header);
    }
    ARROW_ASSIGN_OR_RAISE(auto reader, client_->DoGet(get, info->endpoints().at(0).ticket));
    return Connection{std::move(reader)};
  }
  Result<Connection> Stream(const std::string& resume = {}) {
    Headers headers = {{"amp-stream", "true"}};
    if (!resume.empty()) headers.emplace_back("amp-resume", resume);
    return Ask(headers);
  }

  std::string Cursor(uint64_t number, const std::string& hash) const {
    return Json{{"main", {{"number", number}, {"hash", hash}}}}.dump();
  }
  Status Reorg(uint64_t depth, uint64_t count) {
    return server_->chains().Change("main",
                                    [=](ModelChain& chain) { return chain.Reorg(depth, count); });
  }

  std::unique_ptr<flight::FlightClient> client_;
};

TEST_F(Server, StreamsForEverAndTakesBlocksBack) {
  Start();
  ASSERT_OK_AND_ASSIGN(auto stream, Stream());
  EXPECT_EQ(stream.NextRange(), (Range{0, 19}));
  EXPECT_EQ(stream.NextRange(), (Range{20, 29}));
  ASSERT_THAT(Reorg(3, 5), IsOk());
  EXPECT_EQ(stream.NextRange(), (Range{27, 31}));
}

TEST_F(Server, TellsItsSchemaAtOnce) {
  Start();
  const auto descriptor = flight::FlightDescriptor::Command(Command("SELECT 1"));
  ASSERT_OK_AND_ASSIGN(const auto info, client_->GetFlightInfo(descriptor));
  arrow::ipc::DictionaryMemo memo;
  ASSERT_OK_AND_ASSIGN(const auto promised, info->GetSchema(&memo));
  EXPECT_TRUE(promised->Equals(chain_->rows()->schema()));
  ASSERT_OK_AND_ASSIGN(auto stream, Stream());
  ASSERT_OK_AND_ASSIGN(const auto schema, stream.reader->GetSchema());
  EXPECT_TRUE(schema->Equals(chain_->rows()->schema()));
}

TEST_F(Server, GivesAFiniteQueryAllRowsOfTheChainAndEnds) {
  Start();
  ASSERT_THAT(Reorg(5, 7), IsOk());
  ASSERT_OK_AND_ASSIGN(auto stream, Ask({}));
  ASSERT_OK_AND_ASSIGN(const auto table, stream.reader->ToTable());
  ASSERT_OK_AND_ASSIGN(const auto canonical, server_->chains().CanonicalRows());
  EXPECT_GT(table->num_rows(), 0);
  EXPECT_TRUE(table->Equals(*canonical));
}

TEST_F(Server, StreamsWhereTheQueryItselfAsks) {
  Start();
  ASSERT_OK_AND_ASSIGN(auto stream, Ask({}, "SELECT 1 SETTINGS stream = true"));
  EXPECT_EQ(stream.NextRange(), (Range{0, 19}));
}

TEST_F(Server, ResumesAsTheRealOneDoes) {
  Start();
  ASSERT_OK_AND_ASSIGN(auto right, Stream(Cursor(24, chain_->HashAt(24))));
  EXPECT_EQ(right.NextRange(), (Range{25, 29}));
  ASSERT_THAT(Reorg(8, 9), IsOk());
  ASSERT_OK_AND_ASSIGN(auto orphaned, Stream(Cursor(24, chain_->HashAt(24))));
  EXPECT_EQ(orphaned.NextRange(), (Range{22, 30}));
  ASSERT_OK_AND_ASSIGN(auto unknown, Stream(Cursor(24, "0x" + std::string(64, '1'))));
  EXPECT_EQ(unknown.NextRange(), (Range{24, 30}));
  ASSERT_OK_AND_ASSIGN(auto unreadable, Stream("main:24"));
  EXPECT_EQ(unreadable.NextRange(), (Range{0, 19}));
  const Status lacking =
      Stream(R"({"side":{"number":1,"hash":"0x)" + std::string(64, '1') + R"("}})").status();
  EXPECT_TRUE(lacking.IsInvalid()) << lacking;
  const auto cursors = server_->chains().cursors();
  ASSERT_EQ(cursors.size(), 5U);
  EXPECT_EQ(cursors[1].at("main").number.value, 24U);
  EXPECT_TRUE(cursors[3].empty());
}

TEST_F(Server, MaySayNoToAnUnknownHash) {
  Start({.serving = {.producer = {.unknown_hash = UnknownHash::kRefused}}});
  const Status status = Stream(Cursor(24, "0x" + std::string(64, '1'))).status();
  EXPECT_TRUE(status.IsInvalid()) << status;
}

TEST_F(Server, IgnoresACursorWhereThatIsItsFault) {
  Start({.serving = {.faults = {{FaultKind::kCursorIgnored, 2, false}}}});
  const std::string cursor = Cursor(24, chain_->HashAt(24));
  for (const Range& expected : {Range{25, 29}, Range{0, 19}, Range{25, 29}}) {
    ASSERT_OK_AND_ASSIGN(auto stream, Stream(cursor));
    EXPECT_EQ(stream.NextRange(), expected);
  }
}

TEST_F(Server, BeginsTooEarlyWhereThatIsItsFault) {
  Start({.serving = {.producer = {.max_blocks = 5},
                     .faults = {{FaultKind::kCursorBehind, 1, true}}}});
  ASSERT_OK_AND_ASSIGN(auto stream, Stream(Cursor(24, chain_->HashAt(24))));
  EXPECT_EQ(stream.NextRange(), (Range{20, 24}));
  ASSERT_OK_AND_ASSIGN(auto near_start, Stream(Cursor(3, chain_->HashAt(3))));
  EXPECT_EQ(near_start.NextRange(), (Range{0, 4}));
}

TEST_F(Server, RefusesOrLeavesAQueryUnansweredAsPlanned) {
  Start(
      {.serving = {.faults = {{FaultKind::kRefuse, 1, false}, {FaultKind::kNoAnswer, 3, false}}}});
  const Status refused = Ask({}).status();
  EXPECT_TRUE(refused.IsIOError()) << refused;
  EXPECT_THAT(Ask({}), IsOk());
  flight::FlightCallOptions options;
  options.timeout = flight::TimeoutDuration(0.05);
  const auto unanswered =
      client_->GetFlightInfo(options, flight::FlightDescriptor::Command(Command("SELECT 1")));
  const auto detail = flight::FlightStatusDetail::UnwrapStatus(unanswered.status());
  ASSERT_NE(detail, nullptr) << unanswered.status();
  EXPECT_EQ(detail->code(), flight::FlightStatusCode::TimedOut);
  EXPECT_THAT(Ask({}), IsOk());
}

TEST_F(Server, WantsItsToken) {
  Start({.service = {.token = "sesame"}});
  const auto code = [](const Status& status) {
    const auto detail = flight::FlightStatusDetail::UnwrapStatus(status);
    return detail ? detail->code() : flight::FlightStatusCode::Internal;
  };
  EXPECT_EQ(code(Ask({}).status()), flight::FlightStatusCode::Unauthenticated);
  EXPECT_EQ(code(Ask({{"authorization", "Bearer open"}}).status()),
            flight::FlightStatusCode::Unauthenticated);
  ASSERT_OK_AND_ASSIGN(auto stream, Ask({{"authorization", "Bearer sesame"}}));
  EXPECT_THAT(stream.reader->ToTable(), IsOk());
}

TEST_F(Server, MayWantOneQueryOnly) {
  Start({.service = {.expect_query = "SELECT 2"}});
  EXPECT_TRUE(Ask({}, "SELECT 1").status().IsInvalid());
  EXPECT_THAT(Ask({}, "SELECT 2"), IsOk());
}

TEST_F(Server, RefusesWhatIsNoQuery) {
  Start();
  EXPECT_TRUE(
      client_->GetFlightInfo(flight::FlightDescriptor::Command("SELECT 1")).status().IsInvalid());
  EXPECT_TRUE(client_->DoGet(flight::Ticket{"nothing of mine"}).status().IsInvalid());
}

TEST_F(Server, BreaksAndEndsAndRepeatsAsPlanned) {
  Start({.serving = {.faults = {{FaultKind::kDisconnect, 2, false},
                                {FaultKind::kEnd, 3, false},
                                {FaultKind::kNoMetadata, 4, false}}}});
  ASSERT_OK_AND_ASSIGN(auto broken, Stream());
  broken.Next();
  const Status status = broken.reader->Next().status();
  EXPECT_TRUE(status.IsIOError()) << status;
  ASSERT_OK_AND_ASSIGN(auto ended, Stream());
  EXPECT_EQ(ended.NextRange(), (Range{0, 19}));
  EXPECT_EQ(ended.Next().data, nullptr);
  ASSERT_OK_AND_ASSIGN(auto bare, Stream());
  for (int i = 0; i < 3; ++i) EXPECT_NE(bare.Next().app_metadata, nullptr);
  const auto chunk = bare.Next();
  EXPECT_NE(chunk.data, nullptr);
  EXPECT_EQ(chunk.app_metadata, nullptr);
}

TEST_F(Server, NoticesThatTheClientOfAStallHasGone) {
  std::atomic<bool> gone = false;
  Start({.serving = {.faults = {{FaultKind::kStall, 1, true}},
                     .on_event = [&](const std::string& event) {
                       if (event.find("has gone") != std::string::npos) gone = true;
                     }}});
  ASSERT_OK_AND_ASSIGN(auto stream, Stream());
  stream.reader->Cancel();
  EXPECT_FALSE(stream.reader->Next().ok());
  while (!gone) std::this_thread::yield();
}

TEST_F(Server, KeepsAQuietStreamAlive) {
  Start({.serving = {.keep_alive = std::chrono::milliseconds(5)}}, 0);
  ASSERT_OK_AND_ASSIGN(auto stream, Stream());
  for (int i = 0; i < 2; ++i) {
    const auto chunk = stream.Next();
    ASSERT_NE(chunk.app_metadata, nullptr);
    EXPECT_EQ(chunk.app_metadata->ToString(), R"({"ranges":[],"ranges_complete":false})");
    EXPECT_EQ(chunk.data->num_rows(), 0);
  }
}

TEST_F(Server, SendsFramesOfMoreThan16MB) {
  Start({}, 1, {.most_rows = 20, .exactly = true, .text_bytes = 1 << 20});
  ASSERT_OK_AND_ASSIGN(auto stream, Stream());
  const auto chunk = stream.Next();
  ASSERT_EQ(chunk.data->num_rows(), 20);
  EXPECT_EQ(stream.NextRange(), (Range{0, 0}));
}

TEST_F(Server, PlaysAScript) {
  std::vector<int64_t> rows;
  Start({.serving = {.on_change = [&](std::span<const ModelChain* const> chains) {
           rows.push_back(static_cast<int64_t>(*chains[0]->head()));
           return Status::OK();
         }}});
  ASSERT_OK_AND_ASSIGN(const auto steps,
                       ParseChainScript("wait-sent 29; mine main 10; wait-sent 39; reorg 5 7;"
                                        "wait-sent 41; sleep 1; disconnect"));
  auto played = std::async(std::launch::async, [&] { return server_->Play(steps, {}); });
  ASSERT_OK_AND_ASSIGN(auto stream, Stream());
  EXPECT_EQ(stream.NextRange(), (Range{0, 19}));
  EXPECT_EQ(stream.NextRange(), (Range{20, 29}));
  EXPECT_EQ(stream.NextRange(), (Range{30, 39}));
  EXPECT_EQ(stream.NextRange(), (Range{35, 41}));
  EXPECT_TRUE(stream.reader->Next().status().IsIOError());
  EXPECT_THAT(played.get(), IsOk());
  EXPECT_EQ(rows, (std::vector<int64_t>{39, 41}));

  ASSERT_OK_AND_ASSIGN(const auto wrong, ParseChainScript("mine side 1"));
  EXPECT_THAT(server_->Play(wrong, {}), FailsWith(FailureKind::kConfiguration, "no such network"));
  std::stop_source stop;
  stop.request_stop();
  ASSERT_OK_AND_ASSIGN(const auto endless, ParseChainScript("wait-sent 1000"));
  EXPECT_TRUE(server_->Play(endless, {.stop = stop.get_token()}).IsCancelled());
}

TEST_F(Server, EndsStreamsProperlyWhenTheScriptSaysSo) {
  Start();
  ASSERT_OK_AND_ASSIGN(auto stream, Stream());
  EXPECT_EQ(stream.NextRange(), (Range{0, 19}));
  EXPECT_EQ(stream.NextRange(), (Range{20, 29}));
  server_->chains().EndStreams();
  EXPECT_EQ(stream.Next().data, nullptr);
}

TEST_F(Server, ComesBackOnItsPort) {
  Start();
  ASSERT_OK_AND_ASSIGN(auto stream, Stream());
  EXPECT_EQ(stream.NextRange(), (Range{0, 19}));
  EXPECT_EQ(stream.NextRange(), (Range{20, 29}));
  const int port = server_->port();
  ASSERT_THAT(server_->Close(), IsOk());
  EXPECT_FALSE(stream.reader->Next().ok());
  Dial(flight::Location::ForGrpcTcp("127.0.0.1", port).ValueOrDie(), {});
  EXPECT_FALSE(Stream().ok());
  ASSERT_THAT(server_->Reopen(), IsOk());
  EXPECT_EQ(server_->port(), port);
  Dial(flight::Location::ForGrpcTcp("127.0.0.1", port).ValueOrDie(), {});
  ASSERT_OK_AND_ASSIGN(auto again, Stream());
  EXPECT_EQ(again.NextRange(), (Range{0, 19}));
}

TEST_F(Server, GivesEveryConnectionAnotherOrderOfRows) {
  Start({.serving = {.shuffle_rows = true}}, 10, {.most_rows = 20, .exactly = true});
  const auto values = [&] {
    auto stream = Stream().ValueOrDie();
    return stream.Next().data->GetColumnByName("value");
  };
  const auto first = values();
  const auto second = values();
  EXPECT_EQ(first->length(), 200);
  EXPECT_EQ(second->length(), 200);
  EXPECT_FALSE(first->Equals(second));
}

TEST_F(Server, ServesSeveralNetworksInOneStream) {
  std::vector<ModelChain> chains;
  const auto rows = std::make_shared<MadeUpRows>(MadeUpRowsOptions{});
  chains.emplace_back("one", 0, 1, rows);
  chains.emplace_back("two", 500, 1, rows);
  for (ModelChain& chain : chains) chain.Mine(4);
  server_ = AmpServer::Start(std::move(chains), {}).ValueOrDie();
  Dial(flight::Location::ForGrpcTcp("127.0.0.1", server_->port()).ValueOrDie(), {});
  ASSERT_OK_AND_ASSIGN(auto stream, Stream());
  EXPECT_EQ(stream.NextRange(), (Range{0, 3, 500, 503}));
}

}  // namespace
}  // namespace ampload::conformance
