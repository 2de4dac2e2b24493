#include "loaders/postgresql/partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arrow/util/utf8.h>

#include <limits>
#include <random>

#include "matchers.h"

namespace ampload::postgresql {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kWrong = FailureKind::kConfiguration;
constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();

ValueRange Range(int64_t from, int64_t to) { return {from, to}; }

TEST(ParsePartitionBy, ReadsColumnAndWidth) {
  ASSERT_OK_AND_ASSIGN(auto by, ParsePartitionBy("block_num:1000000"));
  EXPECT_EQ(by, (PartitionBy{"block_num", 1'000'000}));
  ASSERT_OK_AND_ASSIGN(by, ParsePartitionBy("a:b:7"));
  EXPECT_EQ(by, (PartitionBy{"a:b", 7}));
  ASSERT_OK_AND_ASSIGN(by, ParsePartitionBy(""));
  EXPECT_EQ(by, std::nullopt);
  for (const char* text : {"block_num", ":5", "a:", "a:0", "a:-1", "a:1x", "a:1.5"}) {
    EXPECT_THAT(ParsePartitionBy(text), FailsWith(kWrong, "COLUMN:N")) << text;
  }
}

// As servers 13 and 15 print them.
TEST(ParseBounds, ReadsWhatTheServerPrints) {
  EXPECT_EQ(ParseBounds("FOR VALUES FROM ('0') TO ('1000000')"), Range(0, 1'000'000));
  EXPECT_EQ(ParseBounds("FOR VALUES FROM ('-20') TO ('0')"), Range(-20, 0));
  EXPECT_EQ(ParseBounds("FOR VALUES FROM (0) TO (10)"), Range(0, 10));
  EXPECT_EQ(ParseBounds("FOR VALUES FROM (MINVALUE) TO ('0')"), (ValueRange{std::nullopt, 0}));
  EXPECT_EQ(ParseBounds("FOR VALUES FROM ('5') TO (MAXVALUE)"), (ValueRange{5, std::nullopt}));
  for (const char* text :
       {"DEFAULT", "", "FOR VALUES IN ('1')", "FOR VALUES WITH (modulus 4, remainder 0)",
        "FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')", "FOR VALUES FROM ('a') TO ('b')",
        "FOR VALUES FROM ('1', 'x') TO ('2', 'y')", "FOR VALUES FROM ('1') TO ('2') more"}) {
    EXPECT_EQ(ParseBounds(text), std::nullopt) << text;
  }
}

TEST(MissingRanges, AreAlignedToTheWidth) {
  EXPECT_THAT(MissingRanges({}, 10, 0, 9), ElementsAre(Range(0, 10)));
  EXPECT_THAT(MissingRanges({}, 10, 9, 10), ElementsAre(Range(0, 10), Range(10, 20)));
  EXPECT_THAT(MissingRanges({}, 10, -1, 0), ElementsAre(Range(-10, 0), Range(0, 10)));
  EXPECT_THAT(MissingRanges({}, 10, -10, -10), ElementsAre(Range(-10, 0)));
}

TEST(MissingRanges, LeaveOutWhatIsThere) {
  EXPECT_THAT(MissingRanges({Range(0, 10)}, 10, 3, 9), IsEmpty());
  EXPECT_THAT(MissingRanges({Range(0, 10), Range(20, 30)}, 10, 3, 35),
              ElementsAre(Range(10, 20), Range(30, 40)));
  EXPECT_THAT(MissingRanges({{std::nullopt, std::nullopt}}, 10, 3, 35), IsEmpty());
  EXPECT_THAT(MissingRanges({{15, std::nullopt}}, 10, 12, 99), ElementsAre(Range(10, 15)));
}

TEST(MissingRanges, FillTheGapsBetweenPartitionsOfAnotherWidth) {
  EXPECT_THAT(MissingRanges({Range(3, 5)}, 10, 0, 9), ElementsAre(Range(0, 3), Range(5, 10)));
  EXPECT_THAT(MissingRanges({Range(3, 25)}, 10, 26, 26), ElementsAre(Range(25, 30)));
  EXPECT_THAT(MissingRanges({Range(5, 8)}, 10, 9, 9), ElementsAre(Range(8, 10)));
}

TEST(MissingRanges, EndWhereTheIntegersEnd) {
  EXPECT_THAT(MissingRanges({}, 1000, kHighest, kHighest),
              ElementsAre(ValueRange{kHighest - 807, std::nullopt}));
  EXPECT_THAT(MissingRanges({}, 1000, kLowest, kLowest),
              ElementsAre(ValueRange{kLowest, kLowest + 808}));
  EXPECT_THAT(MissingRanges({}, kHighest, 0, kHighest),
              ElementsAre(Range(0, kHighest), ValueRange{kHighest, std::nullopt}));
}

// The oracle: value by value.
TEST(MissingRanges, CoverEveryValueOnceWhateverIsThere) {
  std::mt19937 dice(7);
  const auto roll = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(dice);
  };
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<ValueRange> existing;
    for (int64_t at = roll(-60, 0); at < 40; at += roll(0, 20)) {
      const int64_t end = at + roll(1, 15);
      existing.push_back(Range(at, end));
      at = end;
    }
    const int64_t width = roll(1, 17);
    const int64_t min = roll(-50, 30);
    const int64_t max = min + roll(0, 40);
    const auto missing = MissingRanges(existing, width, min, max);
    auto all = existing;
    all.insert(all.end(), missing.begin(), missing.end());
    for (int64_t value = -200; value < 200; ++value) {
      const auto covers = std::count_if(all.begin(), all.end(), [&](const ValueRange& range) {
        return *range.from <= value && value < *range.to;
      });
      ASSERT_LE(covers, 1) << "trial " << trial << " value " << value;
      if (min <= value && value <= max) {
        ASSERT_EQ(covers, 1) << "trial " << trial;
      }
    }
    for (const auto& range : missing) {
      ASSERT_LT(*range.from, *range.to);
      ASSERT_GT(*range.to, min) << "a partition that no row needs";
      ASSERT_LE(*range.from, max) << "a partition that no row needs";
    }
  }
}

TEST(PartitionName, IsTheTablesNameAndTheFirstValue) {
  EXPECT_EQ(PartitionName("logs", Range(1'000'000, 2'000'000)), "logs_p1000000");
  EXPECT_EQ(PartitionName("logs", Range(-10, 0)), "logs_p-10");
  EXPECT_EQ(PartitionName(std::string(60, 'x'), Range(0, 1)), std::string(60, 'x') + "_p0");
}

TEST(PartitionName, HasAtMost63BytesAndTellsTablesApart) {
  const std::string one = std::string(62, 'x') + "1";
  const std::string two = std::string(62, 'x') + "2";
  EXPECT_EQ(PartitionName(one, Range(0, 1)).size(), 63U);
  EXPECT_NE(PartitionName(one, Range(0, 1)), PartitionName(two, Range(0, 1)));
  EXPECT_NE(PartitionName(one, Range(0, 1)), PartitionName(one, Range(1, 2)));

  std::string cyrillic;
  for (int i = 0; i < 31; ++i) cyrillic += "б";
  const std::string name = PartitionName(cyrillic, Range(1'000'000, 2'000'000));
  EXPECT_LE(name.size(), 63U);
  EXPECT_TRUE(arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t*>(name.data()),
                                        static_cast<int64_t>(name.size())));
}

}  // namespace
}  // namespace ampload::postgresql
