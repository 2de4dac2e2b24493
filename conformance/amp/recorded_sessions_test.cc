// Given the chain and the cursors of the sessions that were recorded from a real server, the model
// says the same ranges. The folder wire/ of AMPLOAD_REAL_DATA; its README tells what was done to
// the chain.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "conformance/amp/chain_model.h"
#include "conformance/amp/recorded_folder_for_test.h"
#include "conformance/amp/stream_producer.h"
#include "matchers.h"

namespace ampload::conformance {
namespace {

// A message as it was recorded.
struct Recorded {
  BlockRange range;
  bool complete = false;
  uint64_t rows = 0;
  std::vector<ChainBlock> blocks;  // of its rows, where they were recorded
};

class RecordedSessions : public RecordedFolder {
 protected:
  std::vector<Recorded> Session(const std::string& name) const {
    std::vector<Recorded> session;
    for (const Json& json : Messages(name)) {
      const Json& range = json["meta"]["ranges"].at(0);
      Recorded& message = session.emplace_back();
      message.range = {range["network"],
                       {range["numbers"]["start"]},
                       {range["numbers"]["end"]},
                       range["hash"],
                       range["prev_hash"]};
      message.complete = json["meta"]["ranges_complete"];
      message.rows = json["rows"];
      message.blocks = BlocksOf(json);
    }
    return session;
  }

  // The final chain's blocks first..last.
  std::vector<ChainBlock> Final(uint64_t first, uint64_t last) const {
    std::vector<ChainBlock> blocks;
    for (uint64_t number = first; number <= last; ++number) {
      blocks.push_back({"anvil", number, canonical_.at(number),
                        number == 0 ? kNoBlockHash : canonical_.at(number - 1)});
    }
    return blocks;
  }

  // What the producer says now, with the rows that it gives.
  struct Said {
    std::vector<BlockRange> ranges;
    std::vector<uint64_t> rows;
  };
  static void Hear(StreamProducer& producer, Said& said) {
    uint64_t rows = 0;
    while (true) {
      const auto message = producer.Next().ValueOrDie();
      if (!message) return;
      rows += static_cast<uint64_t>(message->rows->num_rows());
      if (!message->complete) continue;
      said.ranges.push_back(message->ranges.at(0));
      said.rows.push_back(rows);
      rows = 0;
    }
  }

  static void ExpectSame(const std::vector<Recorded>& session, const Said& said) {
    std::vector<BlockRange> ranges;
    std::vector<uint64_t> rows;
    uint64_t count = 0;
    for (const Recorded& message : session) {
      count += message.rows;
      if (!message.complete) continue;
      ranges.push_back(message.range);
      rows.push_back(count);
      count = 0;
    }
    EXPECT_EQ(said.rows, rows);
    ASSERT_EQ(said.ranges.size(), ranges.size());
    for (size_t i = 0; i < ranges.size(); ++i) {
      EXPECT_EQ(said.ranges[i], ranges[i])
          << "recorded " << ranges[i].start.value << ".." << ranges[i].end.value << ", said "
          << said.ranges[i].start.value << ".." << said.ranges[i].end.value;
    }
  }

  static std::shared_ptr<BlockRows> Rows() { return std::make_shared<HeaderRows>(); }

  // Blocks 76, 77 and 78 as they were first: the two whose hashes nobody recorded are invented.
  std::vector<ChainBlock> FirstTake() const {
    const std::string dead_76 = "0x" + std::string(64, '6');
    const std::string dead_77 = "0x" + std::string(64, '7');
    std::string hash_78;
    for (const Recorded& message : Session("first_session_blocks")) {
      if (message.range.end.value == 78) hash_78 = message.range.hash;
    }
    return {{"anvil", 76, dead_76, canonical_.at(75)},
            {"anvil", 77, dead_77, dead_76},
            {"anvil", 78, hash_78, dead_77}};
  }

  // The chain at the end of the first session: the final one up to 77, and 78 to 81 as they then
  // were.
  std::vector<ChainBlock> SecondTake() const {
    auto blocks = Session("session_with_reorgs").at(1).blocks;  // 74..81
    blocks.erase(blocks.begin(), blocks.begin() + 2);
    return blocks;
  }

  // The blocks of a recorded message of which the range ends there.
  static std::vector<ChainBlock> BlocksUpTo(const std::vector<Recorded>& session, uint64_t end) {
    for (const Recorded& message : session) {
      if (message.range.end.value == end && !message.blocks.empty()) return message.blocks;
    }
    ADD_FAILURE() << "no recorded rows up to block " << end;
    return {};
  }

  static void Grow(ModelChain& chain, const std::vector<ChainBlock>& blocks) {
    ASSERT_THAT(chain.Append(blocks), IsOk());
  }

  // Everything that ever happened to the chain up to the end of the second session.
  void GrowAll(ModelChain& chain) {
    const auto session = Session("session_with_reorgs");
    Grow(chain, Final(0, 75));
    Grow(chain, FirstTake());
    Grow(chain, SecondTake());
    for (const Recorded& message : session) {
      if (message.range.start.value > 74 && !message.blocks.empty()) Grow(chain, message.blocks);
    }
  }
};

TEST_F(RecordedSessions, FromTheBeginningThroughAReorgInsideARange) {
  ModelChain chain("anvil", 0, 1, Rows());
  Grow(chain, Final(0, 30));
  const auto producer = StreamProducer::Make({&chain}, {}, {}).ValueOrDie();
  Said said;
  Hear(*producer, said);
  Grow(chain, Final(31, 33));
  Hear(*producer, said);
  Grow(chain, Final(34, 75));
  Grow(chain, FirstTake());
  Hear(*producer, said);
  auto second = SecondTake();
  const ChainBlock last = second.back();
  second.pop_back();
  Grow(chain, second);
  Hear(*producer, said);
  Grow(chain, {last});
  Hear(*producer, said);
  ExpectSame(Session("first_session_blocks"), said);
}

TEST_F(RecordedSessions, ThroughReorgsAtAnEdgeAndAcrossTwoRanges) {
  const auto session = Session("session_with_reorgs");
  ModelChain chain("anvil", 0, 1, Rows());
  Grow(chain, Final(0, 75));
  Grow(chain, FirstTake());
  Grow(chain, SecondTake());
  const auto producer =
      StreamProducer::Make({&chain}, {{"anvil", {{73}, chain.HashAt(73)}}}, {}).ValueOrDie();
  Said said;
  Hear(*producer, said);
  for (const uint64_t end : {85, 86, 87}) {
    Grow(chain, BlocksUpTo(session, end));
    Hear(*producer, said);
  }
  // 88 to 112 were mined at once; of two reorganisations only the second's blocks were seen.
  Grow(chain, Final(88, 107));
  Grow(chain, BlocksUpTo(session, 112));
  Hear(*producer, said);
  const std::string invented = "0x" + std::string(64, 'e');
  Grow(chain, {{"anvil", 110, invented, chain.HashAt(109)}});
  Grow(chain, Final(108, 115));
  Hear(*producer, said);
  Grow(chain, Final(116, 117));
  Hear(*producer, said);
  ExpectSame(session, said);
}

TEST_F(RecordedSessions, OfThreeCursors) {
  ModelChain chain("anvil", 0, 1, Rows());
  GrowAll(chain);
  ASSERT_EQ(chain.head(), 117);
  for (const auto& [number, hash] : canonical_) EXPECT_EQ(chain.HashAt(number), hash);
  for (const std::string name : {"resume_right", "resume_orphaned", "resume_unknown_hash"}) {
    const auto producer = StreamProducer::Make({&chain}, Header(name), {}).ValueOrDie();
    Said said;
    Hear(*producer, said);
    ExpectSame(Session(name), said);
  }
}

// The one answer that was not recorded, as the folder's README gives it.
TEST_F(RecordedSessions, TheReconnectAt73AfterTheReorgAcrossTwoRanges) {
  const auto session = Session("session_with_reorgs");
  ModelChain chain("anvil", 0, 1, Rows());
  Grow(chain, Final(0, 75));
  Grow(chain, FirstTake());
  Grow(chain, SecondTake());
  for (const uint64_t end : {85, 86, 87}) Grow(chain, BlocksUpTo(session, end));
  const auto producer =
      StreamProducer::Make({&chain}, {{"anvil", {{73}, chain.HashAt(73)}}}, {}).ValueOrDie();
  Said said;
  Hear(*producer, said);
  ASSERT_EQ(said.ranges.size(), 1U);
  EXPECT_EQ(said.ranges[0].start.value, 74U);
  EXPECT_EQ(said.ranges[0].end.value, 87U);
  EXPECT_EQ(said.ranges[0].prev_hash.substr(0, 8), "0x693444");
  EXPECT_EQ(said.ranges[0].hash.substr(0, 6), "0xdafd");
}

}  // namespace
}  // namespace ampload::conformance
