#include "stream/connection_rules.h"

#include <gtest/gtest.h>

#include "matchers.h"
#include "stream/ladder.h"
#include "stream/ranges_for_test.h"

namespace ampload::stream {
namespace {

using Kind = Reading::Kind;

ConnectionRules Fresh() { return {{}, {}}; }
ConnectionRules Behind(const std::vector<LadderEntry>& kept) { return {CursorAt(kept), kept}; }

Reading Must(Result<Reading> reading) {
  EXPECT_TRUE(reading.ok()) << reading.status().ToString();
  return reading.ok() ? *reading : Reading{};
}

std::string Lost(const Reading& reading) {
  std::string text;
  for (const auto& one : reading.lost) {
    text += (text.empty() ? "" : " ") + one.network + ":" + std::to_string(one.from.value);
  }
  return text;
}

auto BreaksProtocol(const std::string& how) { return FailsWith(FailureKind::kPermanent, how); }

TEST(ConnectionRules, AMicrobatchIsItsMessagesUpToTheCompletingOne) {
  auto rules = Fresh();
  auto reading = Must(rules.Read({Range(5, 9)}, false, 0));
  EXPECT_EQ(reading.kind, Kind::kRows);
  EXPECT_TRUE(reading.begins);
  EXPECT_FALSE(reading.completes);
  reading = Must(rules.Read({Range(5, 9)}, false, 100));
  EXPECT_FALSE(reading.begins);
  reading = Must(rules.Read({Range(5, 9)}, true, 3));
  EXPECT_EQ(reading.kind, Kind::kRows);
  EXPECT_TRUE(reading.completes);
  reading = Must(rules.Read({Range(10, 12)}, true, 1));
  EXPECT_TRUE(reading.begins);
  EXPECT_TRUE(reading.completes);
  EXPECT_EQ(Lost(reading), "");
}

TEST(ConnectionRules, ARangeRepeatedAfterItsCompletionIsAReplay) {
  auto rules = Fresh();
  Must(rules.Read({Range(5, 9)}, true, 7));
  EXPECT_EQ(Must(rules.Read({Range(5, 9)}, false, 7)).kind, Kind::kReplayed);
  EXPECT_EQ(Must(rules.Read({Range(5, 9)}, true, 0)).kind, Kind::kReplayed);
  EXPECT_EQ(Must(rules.Read({Range(10, 10)}, false, 7)).kind, Kind::kRows);
}

TEST(ConnectionRules, TheNewestKeptBatchOnceMoreIsAReplay) {
  auto rules = Behind({Entry(1, {Range(5, 9)}), Entry(2, {Range(10, 12)})});
  EXPECT_EQ(Must(rules.Read({Range(10, 12)}, false, 7)).kind, Kind::kReplayed);
  EXPECT_EQ(Must(rules.Read({Range(10, 12)}, true, 7)).kind, Kind::kReplayed);
  EXPECT_EQ(Must(rules.Read({Range(13, 14)}, true, 7)).kind, Kind::kRows);
}

TEST(ConnectionRules, NoRangesSayThatThereIsNothing) {
  auto rules = Fresh();
  EXPECT_EQ(Must(rules.Read({}, false, 0)).kind, Kind::kKeepAlive);
  EXPECT_EQ(Must(rules.Read({}, true, 0)).kind, Kind::kNothingYet);
}

TEST(ConnectionRules, ARangeThatGoesBackLosesItsBlocks) {
  auto rules = Fresh();
  Must(rules.Read({Range(0, 9)}, true, 1));
  Must(rules.Read({Range(10, 19)}, true, 1));
  const auto reading = Must(rules.Read({Range(15, 24, "b")}, false, 1));
  EXPECT_TRUE(reading.begins);
  EXPECT_EQ(Lost(reading), "mainnet:15");
}

TEST(ConnectionRules, ARangeThatGoesBackEndsAMicrobatchThatIsNotWhole) {
  auto rules = Fresh();
  Must(rules.Read({Range(0, 9)}, true, 1));
  Must(rules.Read({Range(10, 19)}, false, 1));
  EXPECT_EQ(Lost(Must(rules.Read({Range(10, 21, "b")}, false, 1))), "mainnet:10");
}

TEST(ConnectionRules, AnotherParentLosesTheBlockBefore) {
  auto rules = Fresh();
  Must(rules.Read({Range(0, 9)}, true, 1));
  EXPECT_EQ(Lost(Must(rules.Read({Range(10, 19, "b", "b")}, false, 1))), "mainnet:9");
  auto resumed = Behind({Entry(1, {Range(0, 9)})});
  EXPECT_EQ(Lost(Must(resumed.Read({Range(10, 19, "b", "b")}, false, 1))), "mainnet:9");
}

TEST(ConnectionRules, AfterACursorTheServerMayStartAtTheForkOrAtTheCursorsOwnNumber) {
  const std::vector<LadderEntry> kept = {Entry(1, {Range(5, 9)}), Entry(2, {Range(10, 19)})};
  auto fork = Behind(kept);
  EXPECT_EQ(Lost(Must(fork.Read({Range(12, 19, "b")}, false, 1))), "mainnet:12");
  auto own = Behind(kept);
  EXPECT_EQ(Lost(Must(own.Read({Range(19, 22, "b", "b")}, false, 1))), "mainnet:19");
}

TEST(ConnectionRules, ANetworkThatIsSentAgainWithAReorganisedOneIsLostToo) {
  auto rules = Fresh();
  Must(rules.Read({Range(0, 9), OnBase(100, 109)}, true, 1));
  Must(rules.Read({Range(10, 19), OnBase(110, 119)}, true, 1));
  const auto reading = Must(rules.Read({OnBase(110, 119), Range(14, 19, "b")}, false, 1));
  EXPECT_EQ(Lost(reading), "mainnet:14 base:110");
}

TEST(ConnectionRules, TheOrderOfNetworksInAMessageMeansNothing) {
  auto rules = Fresh();
  Must(rules.Read({Range(0, 9), OnBase(100, 109)}, false, 1));
  const auto reading = Must(rules.Read({OnBase(100, 109), Range(0, 9)}, true, 1));
  EXPECT_FALSE(reading.begins);
  EXPECT_TRUE(reading.completes);
}

TEST(ConnectionRules, RefusesRowsWithoutRanges) {
  EXPECT_THAT(Fresh().Read({}, true, 3), BreaksProtocol("rows came without block ranges: rows=3"));
}

TEST(ConnectionRules, RefusesTwoRangesOfOneNetwork) {
  EXPECT_THAT(Fresh().Read({Range(0, 9), Range(10, 19)}, false, 0),
              BreaksProtocol("two ranges of one network: network=mainnet start=10"));
}

TEST(ConnectionRules, RefusesOtherNetworksThanBefore) {
  auto rules = Fresh();
  Must(rules.Read({Range(0, 9)}, true, 1));
  EXPECT_THAT(rules.Read({OnBase(10, 19)}, true, 1),
              BreaksProtocol("other networks than the messages before it: networks=base "
                             "expected=mainnet"));
  EXPECT_THAT(rules.Read({Range(10, 19), OnBase(10, 19)}, true, 1), BreaksProtocol("networks="));
  auto resumed = Behind({Entry(1, {Range(0, 9)})});
  EXPECT_THAT(resumed.Read({OnBase(10, 19)}, true, 1), BreaksProtocol("the stream's checkpoint"));
}

TEST(ConnectionRules, RefusesARangeThatEndsBeforeItStarts) {
  EXPECT_THAT(Fresh().Read({Range(9, 8)}, true, 1), BreaksProtocol("ends before it starts"));
}

TEST(ConnectionRules, RefusesARangeWithoutHashes) {
  auto range = Range(5, 9);
  range.hash.clear();
  EXPECT_THAT(Fresh().Read({range}, true, 1), BreaksProtocol("has no hash"));
  range = Range(5, 9);
  range.prev_hash.clear();
  EXPECT_THAT(Fresh().Read({range}, true, 1), BreaksProtocol("has no prev_hash"));
  EXPECT_THAT(Fresh().Read({Range(0, 9)}, true, 1).status(), IsOk());
}

TEST(ConnectionRules, RefusesAGap) {
  auto rules = Fresh();
  Must(rules.Read({Range(0, 9)}, true, 1));
  EXPECT_THAT(rules.Read({Range(11, 12)}, true, 1),
              BreaksProtocol("start=11 end=12 expected_start=10"));
  auto resumed = Behind({Entry(1, {Range(0, 9)})});
  EXPECT_THAT(resumed.Read({Range(12, 12)}, true, 1), BreaksProtocol("expected_start=10"));
}

TEST(ConnectionRules, RefusesAMicrobatchBeforeTheLastIsWhole) {
  auto rules = Fresh();
  Must(rules.Read({Range(0, 9)}, false, 1));
  EXPECT_THAT(rules.Read({Range(10, 12)}, false, 1),
              BreaksProtocol("before the one at hand was complete"));
}

TEST(ConnectionRules, RefusesANetworkThatStaysWhereOthersGoOn) {
  auto rules = Fresh();
  Must(rules.Read({Range(0, 9), OnBase(0, 4)}, true, 1));
  EXPECT_THAT(rules.Read({Range(10, 12), OnBase(0, 4)}, true, 1),
              BreaksProtocol("repeats its range while another goes on: network=base"));
}

TEST(ConnectionRules, RefusesAServerThatLeftTheCursorAside) {
  const std::vector<LadderEntry> kept = {Entry(1, {Range(5, 9)}), Entry(2, {Range(10, 19)})};
  EXPECT_THAT(Behind(kept).Read({Range(0, 9)}, false, 1), BreaksProtocol("began at block 0"));
  EXPECT_THAT(Behind(kept).Read({Range(5, 9)}, false, 1),
              BreaksProtocol("sent again what is committed"));
  // The same blocks in another cut.
  EXPECT_THAT(Behind(kept).Read({Range(7, 9)}, false, 1),
              BreaksProtocol("sent again what is committed"));
  // Another block 9 is a reorganisation.
  EXPECT_THAT(Behind(kept).Read({Range(7, 9, "b")}, false, 1).status(), IsOk());
}

}  // namespace
}  // namespace ampload::stream
