#include "conformance/amp/stream_producer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "matchers.h"

namespace ampload::conformance {
namespace {

// One network's chain, and what a connection says of it: "[0..19]", each completed microbatch.
class Producer : public ::testing::Test {
 protected:
  void Connect(const StreamCursor& cursor = {}, ProducerOptions options = {}) {
    producer_ = StreamProducer::Make({&chain_}, cursor, options).ValueOrDie();
  }
  void ConnectAt(uint64_t number, const std::string& hash) {
    Connect({{"main", {{number}, hash}}});
  }

  // All that the producer has to say now.
  std::vector<ModelMessage> Messages() {
    std::vector<ModelMessage> messages;
    while (auto message = producer_->Next().ValueOrDie()) messages.push_back(std::move(*message));
    return messages;
  }

  std::string Ranges() {
    std::string said;
    for (const ModelMessage& message : Messages()) {
      if (!message.complete) continue;
      const BlockRange& range = message.ranges.front();
      EXPECT_EQ(range.hash, chain_.HashAt(range.end.value));
      EXPECT_EQ(range.prev_hash, chain_.ParentHashAt(range.start.value));
      said +=
          "[" + std::to_string(range.start.value) + ".." + std::to_string(range.end.value) + "]";
    }
    return said;
  }

  ModelChain chain_{"main", 0, 1};
  std::unique_ptr<StreamProducer> producer_;
};

TEST_F(Producer, SaysNothingOfAnEmptyChain) {
  Connect();
  EXPECT_EQ(Ranges(), "");
  chain_.Mine(1);
  EXPECT_EQ(Ranges(), "[0..0]");
}

TEST_F(Producer, CutsHistoryIntoMicrobatches) {
  chain_.Mine(45);
  Connect();
  EXPECT_EQ(Ranges(), "[0..19][20..39][40..44]");
  EXPECT_EQ(Ranges(), "");
  chain_.Mine(2);
  EXPECT_EQ(Ranges(), "[45..46]");
}

TEST_F(Producer, BeginsInsideAnEarlierRangeWhereTheChainChanged) {
  chain_.Mine(30);
  Connect();
  EXPECT_EQ(Ranges(), "[0..19][20..29]");
  ASSERT_THAT(chain_.Reorg(3, 5), IsOk());
  EXPECT_EQ(Ranges(), "[27..31]");
  ASSERT_THAT(chain_.Reorg(20, 25), IsOk());
  EXPECT_EQ(Ranges(), "[12..31][32..36]");
}

TEST_F(Producer, SeesTwoReorgsInQuickSuccessionAsOne) {
  chain_.Mine(10);
  Connect();
  EXPECT_EQ(Ranges(), "[0..9]");
  ASSERT_THAT(chain_.Reorg(5, 5), IsOk());
  ASSERT_THAT(chain_.Reorg(2, 3), IsOk());
  EXPECT_EQ(Ranges(), "[5..10]");
}

TEST_F(Producer, SaysNothingWhileBlocksAreOnlyTakenBack) {
  chain_.Mine(10);
  Connect();
  EXPECT_EQ(Ranges(), "[0..9]");
  ASSERT_THAT(chain_.Reorg(3, 0), IsOk());
  EXPECT_EQ(Ranges(), "");
  chain_.Mine(1);
  EXPECT_EQ(Ranges(), "[7..7]");
}

TEST_F(Producer, GoesOnBehindARightCursor) {
  chain_.Mine(10);
  ConnectAt(5, chain_.HashAt(5));
  EXPECT_EQ(Ranges(), "[6..9]");
}

TEST_F(Producer, AnswersACursorThatWasTakenBackFromTheFork) {
  chain_.Mine(10);
  const std::string old = chain_.HashAt(9);
  ASSERT_THAT(chain_.Reorg(4, 6), IsOk());
  ConnectAt(9, old);
  EXPECT_EQ(Ranges(), "[6..11]");
}

TEST_F(Producer, AnswersAnUnknownHashFromTheCursorsOwnNumber) {
  chain_.Mine(10);
  ConnectAt(5, "0x11");
  EXPECT_EQ(Ranges(), "[5..9]");
}

TEST_F(Producer, RefusesAnUnknownHashWhereItIsStrict) {
  chain_.Mine(10);
  EXPECT_THAT(StreamProducer::Make({&chain_}, {{"main", {{5}, "0x11"}}},
                                   {.unknown_hash = UnknownHash::kRefused}),
              FailsWith(FailureKind::kConfiguration, "never had the block"));
}

TEST_F(Producer, WaitsUntilTheChainReachesACursorAhead) {
  ModelChain longer("main", 0, 1);
  longer.Mine(20);
  chain_.Mine(10);
  ConnectAt(14, longer.HashAt(14));
  EXPECT_EQ(Ranges(), "");
  chain_.Mine(5);
  EXPECT_EQ(Ranges(), "");
  chain_.Mine(2);
  EXPECT_EQ(Ranges(), "[15..16]");

  ConnectAt(20, "0x11");
  EXPECT_EQ(Ranges(), "");
  chain_.Mine(6);
  EXPECT_EQ(Ranges(), "[20..22]");
}

TEST_F(Producer, RefusesACursorWithoutTheNetwork) {
  EXPECT_THAT(StreamProducer::Make({&chain_}, {{"side", {{5}, "0x11"}}}, {}),
              FailsWith(FailureKind::kConfiguration, "lacks a network"));
}

TEST_F(Producer, NeverStartsBelowItsFirstBlock) {
  ModelChain late("main", 100, 1);
  late.Mine(5);
  auto producer = StreamProducer::Make({&late}, {{"main", {{7}, "0x11"}}}, {}).ValueOrDie();
  ASSERT_OK_AND_ASSIGN(const auto first, producer->Next());
  EXPECT_EQ(first->ranges.front().start.value, 100U);
  producer =
      StreamProducer::Make({&late}, {{"main", {{99}, late.ParentHashAt(100)}}}, {}).ValueOrDie();
  ASSERT_OK_AND_ASSIGN(const auto after, producer->Next());
  EXPECT_EQ(after->ranges.front().start.value, 100U);
}

TEST_F(Producer, SpreadsTheRowsOfAMicrobatchOverMessages) {
  chain_.Mine(20);
  const int64_t rows = chain_.CanonicalRows().ValueOrDie()->num_rows();
  for (const uint64_t row_messages : {0, 1, 3, 200}) {
    for (const bool extra : {false, true}) {
      Connect({}, {.row_messages = row_messages,
                   .leading_empty = extra,
                   .keep_alives = extra,
                   .rows_on_completion = extra});
      const auto messages = Messages();
      std::vector<std::shared_ptr<arrow::RecordBatch>> said;
      for (const ModelMessage& message : messages) {
        EXPECT_EQ(message.ranges, messages.front().ranges);
        EXPECT_EQ(message.complete, &message == &messages.back());
        said.push_back(message.rows);
      }
      const uint64_t parts = std::max<uint64_t>(row_messages, 1);
      EXPECT_EQ(messages.size(), extra ? 2 * parts : parts + 1);
      EXPECT_EQ(messages.front().rows->num_rows() == 0, extra || row_messages == 200);
      EXPECT_EQ(messages.back().rows->num_rows() > 0, extra);
      const auto table = arrow::Table::FromRecordBatches(said).ValueOrDie();
      EXPECT_EQ(table->num_rows(), rows);
      EXPECT_TRUE(table->Equals(*chain_.CanonicalRows().ValueOrDie()));
    }
  }
}

TEST_F(Producer, FinishesAMicrobatchThatIsTakenBackUnlessItMayBreakOff) {
  for (const bool break_off : {false, true}) {
    chain_ = ModelChain("main", 0, 1);
    chain_.Mine(10);
    Connect({}, {.row_messages = 2, .break_off = break_off});
    ASSERT_OK_AND_ASSIGN(const auto first, producer_->Next());
    EXPECT_EQ(first->ranges.front().end.value, 9U);
    ASSERT_THAT(chain_.Reorg(3, 5), IsOk());
    std::string said;
    for (const ModelMessage& message : Messages()) {
      if (message.complete) said += std::to_string(message.ranges.front().start.value) + " ";
    }
    // What was broken off was never completed, and so is told again from its start.
    EXPECT_EQ(said, break_off ? "0 " : "0 7 ");
  }
}

TEST_F(Producer, CarriesARangeOfEveryNetwork) {
  ModelChain side("side", 100, 1, chain_.rows());
  chain_.Mine(30);
  auto producer = StreamProducer::Make({&chain_, &side}, {}, {}).ValueOrDie();
  const auto next = [&] {
    std::string said;
    while (auto message = producer->Next().ValueOrDie()) {
      if (!message->complete) continue;
      for (const BlockRange& range : message->ranges) {
        said += range.network + std::to_string(range.start.value) + ".." +
                std::to_string(range.end.value) + " ";
      }
    }
    return said;
  };
  EXPECT_EQ(next(), "");
  side.Mine(3);
  EXPECT_EQ(next(), "main0..19 side100..102 ");
  side.Mine(1);
  EXPECT_EQ(next(), "main20..29 side103..103 ");
  ASSERT_THAT(side.Reorg(2, 2), IsOk());
  EXPECT_EQ(next(), "");
  chain_.Mine(1);
  EXPECT_EQ(next(), "main30..30 side102..103 ");
}

TEST_F(Producer, KeepAliveHasNeitherRangesNorRows) {
  Connect();
  const ModelMessage message = producer_->KeepAlive();
  EXPECT_TRUE(message.ranges.empty());
  EXPECT_FALSE(message.complete);
  EXPECT_EQ(message.rows->num_rows(), 0);
  EXPECT_TRUE(message.rows->schema()->Equals(chain_.rows()->schema()));
}

}  // namespace
}  // namespace ampload::conformance
