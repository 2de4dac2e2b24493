#include "loaders/deltalake/snapshot.h"

#include <gtest/gtest.h>

#include <utility>

#include "loaders/deltalake/actions_for_test.h"
#include "matchers.h"

namespace ampload::deltalake {
namespace {

TEST(Snapshot, IsWhatTheNewestActionsSay) {
  Snapshot table;
  ASSERT_THAT(table.Apply(0, FirstActions(), "entry 0"), IsOk());
  ASSERT_THAT(table.Apply(1, {AddOf("a", 10), AddOf("b", 5), Txn{"app", 1, 7}}, "entry 1"), IsOk());
  ASSERT_THAT(table.Apply(2, {RemoveOf("a"), AddOf("c", 1), Txn{"app", 2, 8}}, "entry 2"), IsOk());
  EXPECT_EQ(table.version, 2);
  EXPECT_EQ(FilesOf(table).adds().size(), 2U);
  EXPECT_EQ(FilesOf(table).bytes(), 6);
  EXPECT_EQ(FilesOf(table).tombstones().size(), 1U);
  EXPECT_EQ(table.txns.at("app").version, 2);
  EXPECT_EQ(table.schema->ToString(), "n: int64");
}

TEST(Snapshot, TellsFilesByTheirDeletionVectors) {
  Snapshot table;
  ASSERT_THAT(table.Apply(0, FirstActions(), "entry 0"), IsOk());
  ASSERT_THAT(table.Apply(1, {AddOf("a", 10)}, "entry 1"), IsOk());
  AddFile with = AddOf("a", 10);
  with.deletion_vector = DeletionVectorDescriptor{"u", "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6};
  for (const bool add_first : {true, false}) {
    Snapshot next = table;
    std::vector<Action> actions = {Action(with), Action(RemoveOf("a"))};
    if (!add_first) std::swap(actions[0], actions[1]);
    ASSERT_THAT(next.Apply(2, std::move(actions), "entry 2"), IsOk());
    ASSERT_EQ(FilesOf(next).adds().size(), 1U);
    EXPECT_EQ(FilesOf(next).adds().begin()->second, with);
    EXPECT_EQ(FilesOf(next).bytes(), 10);
  }
}

TEST(Snapshot, LosesAFileWhosePathIsSpelledInAnotherWay) {
  Snapshot table;
  ASSERT_THAT(table.Apply(0, FirstActions(), "entry 0"), IsOk());
  ASSERT_THAT(table.Apply(1, {AddOf("p=a%2Cb%20/x", 1), AddOf("50%", 1)}, "entry 1"), IsOk());
  ASSERT_THAT(table.Apply(2, {RemoveOf("p=a,b%20/x")}, "entry 2"), IsOk());
  ASSERT_EQ(FilesOf(table).adds().size(), 1U);
  ASSERT_THAT(table.Apply(3, {RemoveOf("50%")}, "entry 3"), IsOk());
  EXPECT_TRUE(FilesOf(table).adds().empty());
}

TEST(Snapshot, TakesNewStatisticsOfAFileThatIsThere) {
  Snapshot table;
  ASSERT_THAT(table.Apply(0, FirstActions(), "entry 0"), IsOk());
  ASSERT_THAT(table.Apply(1, {AddOf("a", 10)}, "entry 1"), IsOk());
  AddFile again = AddOf("a", 12);
  again.stats = R"({"numRecords":3})";
  ASSERT_THAT(table.Apply(2, {again}, "entry 2"), IsOk());
  EXPECT_EQ(FilesOf(table).adds().at(FileKey{"a", ""}).stats, again.stats);
  EXPECT_EQ(FilesOf(table).bytes(), 12);
}

TEST(Snapshot, ForgetsDomainsThatAreRemoved) {
  Snapshot table;
  ASSERT_THAT(table.Apply(0, FirstActions(), "entry 0"), IsOk());
  ASSERT_THAT(
      table.Apply(1, {DomainMetadata{"a", "1", false}, DomainMetadata{"b", "2", false}}, "entry 1"),
      IsOk());
  ASSERT_THAT(table.Apply(2, {DomainMetadata{"a", "1", true}}, "entry 2"), IsOk());
  EXPECT_EQ(table.domains.size(), 1U);
  EXPECT_TRUE(table.domains.contains("b"));
}

TEST(Snapshot, RefusesWhatTheProtocolForbids) {
  Snapshot table;
  EXPECT_THAT(table.Apply(0, {AddOf("a", 1)}, "entry 0"),
              FailsWith(FailureKind::kPermanent, "no protocol or no metaData"));
  auto twice = FirstActions();
  twice.push_back(twice.back());
  EXPECT_THAT(table.Apply(0, twice, "entry 0"), FailsWith(FailureKind::kPermanent, "two metaData"));
}

}  // namespace
}  // namespace ampload::deltalake
