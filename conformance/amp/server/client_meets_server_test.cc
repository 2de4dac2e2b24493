// The product's own client and the test server, face to face: what each says of the protocol must
// be the same.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "conformance/amp/server/served_chain_for_test.h"
#include "matchers.h"
#include "source/amp/amp_client.h"
#include "stream/connection_rules.h"

namespace ampload::conformance {
namespace {

class ClientMeetsServer : public ServedChain {
 protected:
  void Start(AmpServerOptions options = {}, uint64_t blocks = 30,
             const MadeUpRowsOptions& rows = {}) {
    Serve(std::move(options), blocks, rows);
  }
  void StartWithFault(const std::string& fault) {
    Start({.serving = {.faults = {ParseFault(fault).ValueOrDie()}}});
  }

  source::AmpOptions Options(const std::string& token = {}) const {
    source::AmpOptions options;
    options.address = source::AmpAddress::Parse(server_->address()).ValueOrDie();
    options.query = "SELECT 1";
    options.token = token;
    return options;
  }
  Result<std::unique_ptr<Source>> Open(const StreamCursor& cursor = {},
                                       const std::string& token = {}) const {
    ARROW_ASSIGN_OR_RAISE(const auto stream, source::MakeAmpStream(Options(token)));
    return stream->Open(cursor, {});
  }

  // What a connection gives until it fails, or ends, or `most` messages were read.
  struct Heard {
    std::vector<BlockRange> completed;
    int64_t rows = 0;
    Status status;
    bool ended = false;
  };
  static Heard Hear(Result<std::unique_ptr<Source>> source, int most) {
    Heard heard;
    heard.status = source.status();
    for (int i = 0; i < most && heard.status.ok() && !heard.ended; ++i) {
      const auto next = (*source)->Next({});
      heard.status = next.status();
      if (!next.ok()) break;
      heard.ended = !next->has_value();
      if (heard.ended) break;
      heard.rows += (**next).batch->num_rows();
      if ((**next).ranges_complete) {
        heard.completed.insert(heard.completed.end(), (**next).ranges.begin(),
                               (**next).ranges.end());
      }
    }
    return heard;
  }

  BlockRange Range(uint64_t start, uint64_t end) const {
    // The client makes nothing of the 32 zero bytes that stand below the first block.
    return {"main",
            {start},
            {end},
            chain_->HashAt(end),
            start == 0 ? std::string() : chain_->ParentHashAt(start)};
  }
};

TEST_F(ClientMeetsServer, InAStreamWithAReorg) {
  Start();
  auto source = Open();
  ASSERT_THAT(source, IsOk());
  std::vector<BlockRange> completed;
  int64_t rows = 0;
  const auto hear = [&](int messages) {
    for (int i = 0; i < messages; ++i) {
      const auto next = (*source)->Next({}).ValueOrDie();
      rows += next->batch->num_rows();
      EXPECT_TRUE(next->batch->schema()->Equals((*source)->schema()));
      if (next->ranges_complete) completed.push_back(next->ranges.at(0));
    }
  };
  hear(4);
  EXPECT_EQ(completed, (std::vector<BlockRange>{Range(0, 19), Range(20, 29)}));
  EXPECT_EQ(rows, chain_->CanonicalRows().ValueOrDie()->num_rows());
  const auto reorg = [](ModelChain& chain) { return chain.Reorg(3, 5); };
  ASSERT_THAT(server_->chains().Change("main", reorg), IsOk());
  ASSERT_THAT(reorg(*chain_), IsOk());
  hear(2);
  EXPECT_EQ(completed.back(), Range(27, 31));
}

TEST_F(ClientMeetsServer, WithACursorAsItWasGiven) {
  Start();
  const StreamCursor cursor = {{"main", {{24}, chain_->HashAt(24)}}};
  EXPECT_EQ(Hear(Open(cursor), 2).completed, (std::vector<BlockRange>{Range(25, 29)}));
  EXPECT_EQ(server_->chains().cursors(), (std::vector<StreamCursor>{cursor}));
}

TEST_F(ClientMeetsServer, InAFiniteQuery) {
  Start();
  const auto heard = Hear(source::OpenAmpQuery(Options(), {}), 1000);
  EXPECT_THAT(heard.status, IsOk());
  EXPECT_TRUE(heard.ended);
  EXPECT_EQ(heard.rows, chain_->CanonicalRows().ValueOrDie()->num_rows());
}

TEST_F(ClientMeetsServer, WithARightAndAWrongToken) {
  Start({.service = {.token = "sesame"}});
  EXPECT_THAT(Hear(Open({}, "sesame"), 2).status, IsOk());
  EXPECT_THAT(Open({}, "open"), FailsWith(FailureKind::kConfiguration, ""));
  EXPECT_THAT(Open(), FailsWith(FailureKind::kConfiguration, ""));
}

TEST_F(ClientMeetsServer, OverMetadataThatCannotBeRead) {
  for (const std::string fault :
       {"not-json@3", "deep-json@3", "missing-fields@3", "wrong-types@3"}) {
    StartWithFault(fault);
    const auto heard = Hear(Open(), 3);
    EXPECT_THAT(heard.status, FailsWith(FailureKind::kData, "")) << fault;
    EXPECT_EQ(heard.completed, (std::vector<BlockRange>{Range(0, 19)})) << fault;
  }
}

// What the engine says to each broken rule: the client's messages, read by the rules of a
// connection.
TEST_F(ClientMeetsServer, OverEveryRuleThatIsBroken) {
  struct Broken {
    const char* fault;
    const char* says;
  };
  for (const auto& [fault, says] : std::vector<Broken>{
           {"no-metadata@3", "rows came without block ranges"},
           {"rows-without-ranges@3", "rows came without block ranges"},
           {"two-ranges@3", "two ranges of one network"},
           {"other-network@3", "other networks"},
           {"start-after-end@3", "ends before it starts"},
           {"no-prev-hash@3", "no prev_hash"},
           {"gap@3", "blocks are missing"},
           {"never-complete@1", "was complete"},
           {"cursor-ignored@1", "left the cursor aside"},
           {"cursor-behind@1", "left the cursor aside"},
       }) {
    StartWithFault(fault);
    const bool resumes = std::string(fault).starts_with("cursor");
    const BlockRange kept = Range(0, 19);
    const StreamCursor cursor = {{"main", {kept.end, kept.hash}}};
    stream::ConnectionRules rules(
        resumes ? cursor : StreamCursor{},
        resumes ? std::vector<LadderEntry>{{BatchId{1}, 1, {kept}}} : std::vector<LadderEntry>{});
    auto source = Open(resumes ? cursor : StreamCursor{});
    ASSERT_THAT(source, IsOk());
    Status status;
    for (int i = 0; i < 4 && status.ok(); ++i) {
      const auto next = (*source)->Next({});
      ASSERT_THAT(next, IsOk()) << fault;
      status = rules.Read((**next).ranges, (**next).ranges_complete, (**next).batch->num_rows())
                   .status();
    }
    EXPECT_THAT(status, FailsWith(FailureKind::kPermanent, says)) << fault;
  }
}

TEST_F(ClientMeetsServer, WhenTheConnectionBreaksOrEnds) {
  StartWithFault("disconnect@3");
  EXPECT_THAT(Hear(Open(), 3).status, FailsWith(FailureKind::kTransient, ""));
  StartWithFault("refuse@1");
  EXPECT_THAT(Open(), FailsWith(FailureKind::kTransient, ""));
  EXPECT_THAT(Open(), IsOk());
  StartWithFault("end@3");
  const auto ended = Hear(Open(), 3);
  EXPECT_THAT(ended.status, IsOk());
  EXPECT_TRUE(ended.ended);
  StartWithFault("nothing-yet@1");
  EXPECT_TRUE(Hear(Open(), 2).ended);
}

TEST_F(ClientMeetsServer, WhenTheServerGoesAwayAndComesBack) {
  Start();
  auto source = Open();
  ASSERT_THAT(source, IsOk());
  ASSERT_THAT((*source)->Next({}), IsOk());
  ASSERT_THAT(server_->Close(), IsOk());
  EXPECT_THAT(Hear(std::move(source), 10).status, FailsWith(FailureKind::kTransient, ""));
  EXPECT_THAT(Open(), FailsWith(FailureKind::kTransient, ""));
  ASSERT_THAT(server_->Reopen(), IsOk());
  EXPECT_THAT(Hear(Open(), 2).status, IsOk());
}

TEST_F(ClientMeetsServer, WithACursorThatIsRefused) {
  Start({.serving = {.producer = {.unknown_hash = UnknownHash::kRefused}}});
  const StreamCursor unknown = {{"main", {{24}, "0x" + std::string(64, '1')}}};
  EXPECT_THAT(Hear(Open(unknown), 1).status,
              FailsWith(FailureKind::kConfiguration, "never had the block"));
  const StreamCursor lacking = {{"side", {{24}, "0x" + std::string(64, '1')}}};
  EXPECT_THAT(Hear(Open(lacking), 1).status,
              FailsWith(FailureKind::kConfiguration, "lacks a network"));
}

TEST_F(ClientMeetsServer, StopsAtOnceWhereTheServerStalls) {
  StartWithFault("stall@1");
  auto source = Open();
  ASSERT_THAT(source, IsOk());
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_TRUE((*source)->Next({.stop = stop.get_token()}).status().IsCancelled());
}

TEST_F(ClientMeetsServer, WithKeepAlivesAndLargeFrames) {
  Start({.serving = {.keep_alive = std::chrono::milliseconds(5)}}, 1,
        {.most_rows = 20, .exactly = true, .text_bytes = 1 << 20});
  auto source = Open();
  ASSERT_THAT(source, IsOk());
  EXPECT_EQ((*source)->Next({}).ValueOrDie()->batch->num_rows(), 20);
  EXPECT_TRUE((*source)->Next({}).ValueOrDie()->ranges_complete);
  ASSERT_OK_AND_ASSIGN(const auto quiet, (*source)->Next({}));
  EXPECT_TRUE(quiet->ranges.empty());
  EXPECT_FALSE(quiet->ranges_complete);
  EXPECT_EQ(quiet->batch->num_rows(), 0);
}

}  // namespace
}  // namespace ampload::conformance
